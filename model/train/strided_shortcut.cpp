// SPDX-License-Identifier: Apache-2.0
#include "train/strided_shortcut.hpp"

#include <ATen/Parallel.h>

#include <cstring>
#include <vector>

#include "code/integer.hpp"

namespace flexor {
namespace {

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;

// Copies the pixels that both tensors have in common, from the small one to the large one or back.
void copy_pixels(const torch::Tensor& large, const torch::Tensor& small, const ShortcutShape& shape, bool to_small) {
  const std::int64_t bytes = large.element_size();
  const std::int64_t pixel = large.size(1) * bytes, small_pixel = small.size(1) * bytes;
  const std::int64_t height = small.size(2), width = small.size(3);
  auto* const wide = static_cast<std::uint8_t*>(large.data_ptr());
  auto* const narrow = static_cast<std::uint8_t*>(small.data_ptr()) + shape.offset * bytes;
  at::parallel_for(0, small.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin * height; row < end * height; ++row) {
      const std::int64_t image = row / height, y = row % height * shape.stride;
      std::uint8_t* from = wide + (image * large.size(2) + y) * large.size(3) * pixel;
      std::uint8_t* to = narrow + row * width * small_pixel;
      for (std::int64_t x = 0; x < width; ++x, from += shape.stride * pixel, to += small_pixel) {
        std::memcpy(to_small ? to : from, to_small ? from : to, static_cast<std::size_t>(pixel));
      }
    }
  });
}

struct Strided : torch::autograd::Function<Strided> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& source, const ShortcutShape& shape) {
    const torch::Tensor x = source.contiguous(kLast);
    context->saved_data["sizes"] = x.sizes().vec();
    context->saved_data["shape"] = std::vector<std::int64_t>{shape.stride, shape.offset, shape.channels};
    const auto part = [&shape](std::int64_t size) { return ceil_div(size, shape.stride); };
    const torch::Tensor y =
        torch::empty({x.size(0), shape.channels, part(x.size(2)), part(x.size(3))}, x.options().memory_format(kLast)).zero_();
    copy_pixels(x, y, shape, true);
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    const torch::Tensor dy = gradients[0].contiguous(kLast);
    const auto shape = context->saved_data["shape"].toIntVector();
    const torch::Tensor dx = torch::empty(context->saved_data["sizes"].toIntVector(), dy.options().memory_format(kLast)).zero_();
    copy_pixels(dx, dy, {shape[0], shape[1], shape[2]}, false);
    return {dx, {}};
  }
};

}  // namespace

torch::Tensor strided_shortcut(const torch::Tensor& source, const ShortcutShape& shape) { return Strided::apply(source, shape); }

}  // namespace flexor
