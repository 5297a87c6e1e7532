// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ONNX file: they are imported, or refused by InputError. libFuzzer's entry; fuzz_replay.cpp calls it with kept files.
#include <new>

#include "code/error.hpp"
#include "import/import.hpp"
#include "import/reader.hpp"

using namespace flexor;
using namespace flexor::foreign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  limits() = {.values = 1 << 16, .work = 1 << 22};
  try {
    Source source = match_source(read_onnx(std::span(bytes, size), "/nonexistent"));
    const Levels pixels = pixel_levels(source, {});
    const Images images = random_images(source.plan.input, 2, 1);
    const std::vector<Range> ranges = calibrate(source, pixels, images);
    const Plan simple = source.plan;
    match_again(source, ranges);
    const Emitted emitted = emit(source.plan, pixels, ranges, {});
    static_cast<void>(compare_outputs(emitted, images, reference_outputs(source, pixels, images, 1), 1));
    static_cast<void>(network_json(emit(simple, pixels, ranges, {.borders = false}), 1000));
  } catch (const InputError&) {  // the answer to a bad file
  } catch (const std::bad_alloc&) {
  }
  return 0;
}
