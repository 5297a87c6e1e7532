// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace flexor::stream {

/// Where a field of an instruction stands.
struct Field {
  std::string_view name;
  int low = 0;
  int width = 1;
  bool is_signed = false;
};

/// docs/stream_engine.md, "Instructions".
namespace field {
inline constexpr Field kOpcode{"opcode", 12, 4};
inline constexpr Field kAction{"action", 9, 3};
inline constexpr Field kSourceAddress{"source_address", 0, 11};
inline constexpr Field kFillBank{"fill_bank", 10, 2};
inline constexpr Field kFillGroup{"fill_group", 8, 2};
inline constexpr Field kFillTail{"fill_tail", 5, 3};
inline constexpr Field kFillStep{"fill_step", 0, 5, true};
inline constexpr Field kRowWords{"row_words", 4, 8};
inline constexpr Field kRowPad{"row_pad", 0, 4};
inline constexpr Field kLineAddress{"line_address", 0, 8};
inline constexpr Field kPixelsCount{"pixels_count", 4, 8};
inline constexpr Field kPixelsStep{"pixels_step", 0, 4};
inline constexpr Field kBaseAddress{"base_address", 0, 8};
inline constexpr Field kNextWords{"next_words", 0, 8};
inline constexpr Field kEntryAddress{"entry_address", 0, 8};
inline constexpr Field kWeightAddress{"weight_address", 0, 8};
inline constexpr Field kResultBank{"result_bank", 11, 1};
inline constexpr Field kResultAddress{"result_address", 0, 11};
inline constexpr Field kAddendBank{"addend_bank", 11, 1};
inline constexpr Field kAddendAddress{"addend_address", 0, 11};
inline constexpr Field kOutputMax{"output_max", 4, 8};
inline constexpr Field kOutputLogits{"output_logits", 3, 1};
inline constexpr Field kOutputProjection{"output_projection", 2, 1};
inline constexpr Field kOutputSigned{"output_signed", 1, 1};
inline constexpr Field kOutputMaximum{"output_maximum", 0, 1};
inline constexpr Field kStepsResult{"steps_result", 8, 4};
inline constexpr Field kStepsAddend{"steps_addend", 4, 4};
inline constexpr Field kStepsParameters{"steps_parameters", 0, 4};
inline constexpr Field kScaleMultiplier{"scale_multiplier", 0, 12};
inline constexpr Field kCodeBits{"code_bits", 7, 5};
inline constexpr Field kCodeBlock{"code_block", 0, 3};
inline constexpr Field kGoCompute{"go_compute", 0, 1};
inline constexpr Field kGoFill{"go_fill", 1, 2};
inline constexpr Field kGoResults{"go_results", 3, 2};
inline constexpr Field kBitsGroups{"bits_groups", 0, 9};
inline constexpr Field kCopyTable{"copy_table", 7, 2};
inline constexpr Field kCopyFirst{"copy_first", 8, 8};
inline constexpr Field kCopyLast{"copy_last", 0, 8};
inline constexpr Field kEntryOffset{"entry_offset", 0, 8};
inline constexpr Field kEntryTwice{"entry_twice", 8, 1};
inline constexpr Field kEntryLast{"entry_last", 9, 1};
inline constexpr Field kEntryEnd{"entry_end", 10, 1};
inline constexpr Field kEntryStep{"entry_step", 11, 1};
}  // namespace field

}  // namespace flexor::stream
