// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>

#include "import/graph.hpp"

namespace flexor::foreign {

/// Reads an ONNX file: IR 3-10, opset 6-20, QONNX's domains declared or not, weights in the file or in files beside it, initialisers that
/// are inputs too, a first dimension that is 1 or symbolic. Throws InputError, one sentence.
Graph read_onnx(const std::filesystem::path& file);
/// The same from the bytes of the file; `folder`: of the files with its weights.
Graph read_onnx(std::span<const std::uint8_t> bytes, const std::filesystem::path& folder);
/// One TensorProto in a file of its own (.pb), as test data come with models.
Tensor read_tensor_proto(const std::filesystem::path& file);

}  // namespace flexor::foreign
