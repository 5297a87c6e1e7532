// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <onnx/onnx_pb.h>

#include <filesystem>

#include "import/graph.hpp"

namespace flexor::foreign {

/// Values of a tensor of an ONNX file: typed or raw, in the file or in another one of `folder`. `what` begins complaints.
Tensor from_proto(const onnx::TensorProto& proto, const std::filesystem::path& folder, const std::string& what);

}  // namespace flexor::foreign
