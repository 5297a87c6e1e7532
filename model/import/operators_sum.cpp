// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "import/operators.hpp"

namespace flexor::foreign {
namespace {

// One image plane times one weight, added to the sums of an output plane.
struct Tap {
  double weight;
  std::int64_t top, left;  // of the first window's place, may lie outside
};

void add_tap(const Tap& tap, const double* image, const Sizes& in, const Window& w, double* sums, const Sizes& out) {
  const std::int64_t width = in[3];
  // Columns whose place lies inside the image.
  const std::int64_t step = w.stride[1];
  const std::int64_t first = tap.left >= 0 ? 0 : (-tap.left + step - 1) / step;
  const std::int64_t last = tap.left >= width ? 0 : std::min(out[3], (width - 1 - tap.left) / step + 1);
  for (std::int64_t oy = 0; oy < out[2]; ++oy) {
    const std::int64_t y = oy * w.stride[0] + tap.top;
    if (y < 0 || y >= in[2]) continue;
    const double* from = image + y * width + tap.left;
    double* to = sums + oy * out[3];
    if (step == 1) {
      for (std::int64_t ox = first; ox < last; ++ox) to[ox] += tap.weight * from[ox];
    } else {
      for (std::int64_t ox = first; ox < last; ++ox) to[ox] += tap.weight * from[ox * step];
    }
  }
}

Tensor convolution(const Arguments& a) {
  const Tensor& x = a.at(0);
  const Tensor& w = a.at(1);
  if (x.sizes.size() != 4 || w.sizes.size() != 4) a.node.refuse("only convolutions of images [1, channels, height, width] are possible");
  if (a.node.attributes.integer("group", 1) != 1) {
    a.node.refuse(fmt::format("it has {} groups; train the network with plain convolutions, depthwise and grouped ones are not possible",
                              a.node.attributes.integer("group", 1)));
  }
  if (x.sizes[1] != w.sizes[1] || x.sizes[0] != 1) {
    a.node.refuse(fmt::format("its weights {} do not suit its input {}; export the model again", text(w.sizes), text(x.sizes)));
  }
  const Window window = window_of(a.node, x.sizes, {w.sizes[2], w.sizes[3]});
  Tensor out{{1, w.sizes[0], window.places(0, x.sizes[2]), window.places(1, x.sizes[3])}, {}, false};
  const std::int64_t area = count(out.sizes) / std::max<std::int64_t>(w.sizes[0], 1);
  if (area == 0 || w.values.empty()) a.node.refuse(fmt::format("its kernel is larger than its padded input {}; take larger images", text(x.sizes)));
  a.work.spend(a.node, area * std::min(static_cast<std::int64_t>(w.values.size()), (std::int64_t{1} << 40) / area));
  out.values.resize(static_cast<std::size_t>(count(out.sizes)), 0);
  const double* weight = w.values.data();
  for (std::int64_t m = 0; m < w.sizes[0]; ++m) {
    double* sums = out.values.data() + m * area;
    for (std::int64_t c = 0; c < w.sizes[1]; ++c) {
      const double* image = x.values.data() + c * x.sizes[2] * x.sizes[3];
      for (std::int64_t ky = 0; ky < w.sizes[2]; ++ky) {
        for (std::int64_t kx = 0; kx < w.sizes[3]; ++kx) {
          const Tap tap{*weight++, ky * window.dilation[0] - window.before[0], kx * window.dilation[1] - window.before[1]};
          add_tap(tap, image, x.sizes, window, sums, out.sizes);
        }
      }
    }
    if (const Tensor* bias = a.maybe(2)) {
      if (static_cast<std::int64_t>(bias->values.size()) != w.sizes[0]) a.node.refuse("its bias does not suit its weights; export the model again");
      for (std::int64_t i = 0; i < area; ++i) sums[i] += bias->values[static_cast<std::size_t>(m)];
    }
  }
  return out;
}

// [rows, inner] times [inner, columns], each transposed where it says so.
Tensor product(const Arguments& a, bool transpose_x, bool transpose_y) {
  const Tensor& x = a.at(0);
  const Tensor& y = a.at(1);
  if (x.sizes.size() != 2 || y.sizes.size() != 2) {
    a.node.refuse(fmt::format("it multiplies {} with {}; only dense layers, [1, features] times [features, outputs], are possible",
                              text(x.sizes), text(y.sizes)));
  }
  const std::int64_t rows = x.sizes[transpose_x ? 1 : 0];
  const std::int64_t inner = x.sizes[transpose_x ? 0 : 1];
  const std::int64_t columns = y.sizes[transpose_y ? 0 : 1];
  if (inner != y.sizes[transpose_y ? 1 : 0]) {
    a.node.refuse(fmt::format("its inputs {} and {} do not suit each other; export the model again", text(x.sizes), text(y.sizes)));
  }
  Tensor out{{rows, columns}, {}, false};
  const std::int64_t outputs = count(out.sizes);
  a.work.spend(a.node, outputs * std::min(inner, (std::int64_t{1} << 40) / std::max<std::int64_t>(outputs, 1)));
  out.values.resize(static_cast<std::size_t>(outputs), 0);
  for (std::int64_t r = 0; r < rows; ++r) {
    double* to = out.values.data() + r * columns;
    for (std::int64_t i = 0; i < inner; ++i) {
      const double factor = x.values[static_cast<std::size_t>(transpose_x ? i * rows + r : r * inner + i)];
      const double* from = y.values.data() + (transpose_y ? i : i * columns);
      const std::int64_t step = transpose_y ? inner : 1;
      for (std::int64_t c = 0; c < columns; ++c) to[c] += factor * from[c * step];
    }
  }
  return out;
}

Tensor matrix_product(const Arguments& a) { return product(a, false, false); }

Tensor gemm(const Arguments& a) {
  const Attributes& given = a.node.attributes;
  Tensor out = product(a, given.integer("transA", 0) != 0, given.integer("transB", 0) != 0);
  const double alpha = given.number("alpha", 1);
  for (double& value : out.values) value *= alpha;
  const Tensor* bias = a.maybe(2);
  if (bias == nullptr) return out;
  if (common_sizes(a.node, out.sizes, bias->sizes) != out.sizes) a.node.refuse("its bias does not suit its weights; export the model again");
  const std::vector<std::int32_t> places = broadcast_places(bias->sizes, out.sizes);
  const double beta = given.number("beta", 1);
  for (std::size_t i = 0; i < places.size(); ++i) out.values[i] += beta * bias->values[static_cast<std::size_t>(places[i])];
  return out;
}

}  // namespace

Operator find_summing(std::string_view op) {
  if (op == "Conv") return convolution;
  if (op == "Gemm") return gemm;
  if (op == "MatMul") return matrix_product;
  return nullptr;
}

}  // namespace flexor::foreign
