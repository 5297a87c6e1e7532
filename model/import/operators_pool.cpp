// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "import/operators.hpp"

namespace flexor::foreign {
namespace {

constexpr std::int64_t kMostWindow = 4096;

void check_pair(const Node& node, const char* name, const Sizes& pair, std::int64_t low) {
  const bool fits = std::all_of(pair.begin(), pair.end(), [&](std::int64_t value) { return value >= low && value <= kMostWindow; });
  if (pair.size() != 2 || !fits) node.refuse(fmt::format("its {} {} are not those of an image; export the model again", name, text(pair)));
}

}  // namespace

std::int64_t Window::places(int axis, std::int64_t pixels) const {
  const std::int64_t span = pixels + before[axis] + after[axis] - (kernel[axis] - 1) * dilation[axis] - 1;
  return span < 0 ? 0 : span / stride[axis] + 1;
}

Window window_of(const Node& node, const Sizes& sizes, const Sizes& kernel) {
  const Attributes& given = node.attributes;
  const Sizes extent = kernel.empty() ? given.list("kernel_shape", {}) : kernel;
  check_pair(node, "kernel sizes", extent, 1);
  if (given.list("kernel_shape", extent) != extent) node.refuse("its kernel_shape is not that of its weights; export the model again");
  const Sizes stride = given.list("strides", {1, 1});
  const Sizes dilation = given.list("dilations", {1, 1});
  check_pair(node, "strides", stride, 1);
  check_pair(node, "dilations", dilation, 1);
  if (given.integer("ceil_mode", 0) != 0) node.refuse("ceil_mode counts windows that stick out; export the model with ceil_mode 0");
  Sizes pads = given.list("pads", {0, 0, 0, 0});
  const std::string mode = given.text("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    pads.assign(4, 0);
    for (std::size_t d = 0; d < 2; ++d) {
      const std::int64_t places = (sizes[d + 2] + stride[d] - 1) / stride[d];
      const std::int64_t missing = std::max<std::int64_t>(0, (places - 1) * stride[d] + (extent[d] - 1) * dilation[d] + 1 - sizes[d + 2]);
      pads[d] = mode == "SAME_UPPER" ? missing / 2 : missing - missing / 2;
      pads[d + 2] = missing - pads[d];
    }
  } else if (mode == "VALID") {
    pads.assign(4, 0);
  } else if (mode != "NOTSET") {
    node.refuse(fmt::format("its auto_pad '{}' is unknown; export the model again", mode));
  }
  if (pads.size() != 4) node.refuse(fmt::format("its pads {} are not those of an image; export the model again", text(pads)));
  check_pair(node, "pads", {pads[0], pads[1]}, 0);
  check_pair(node, "pads", {pads[2], pads[3]}, 0);
  return {{extent[0], extent[1]}, {stride[0], stride[1]}, {pads[0], pads[1]}, {pads[2], pads[3]}, {dilation[0], dilation[1]}};
}

namespace {

// The maximum, or the average, of every window; outside the image is nothing.
Tensor pool(const Arguments& a) {
  const Tensor& x = a.at(0);
  if (x.sizes.size() != 4 || x.sizes[0] != 1) a.node.refuse("only images [1, channels, height, width] can be pooled");
  const bool maximum = a.node.op == "MaxPool";
  const bool counts_outside = a.node.attributes.integer("count_include_pad", 0) != 0;
  const Window w = window_of(a.node, x.sizes, {});
  Tensor out{{1, x.sizes[1], w.places(0, x.sizes[2]), w.places(1, x.sizes[3])}, {}, false};
  if (count(out.sizes) == 0) a.node.refuse(fmt::format("its window is larger than its padded input {}; take larger images", text(x.sizes)));
  a.work.spend(a.node, count(out.sizes) * w.kernel[0] * std::min(w.kernel[1], std::int64_t{1} << 10));
  out.values.reserve(static_cast<std::size_t>(count(out.sizes)));
  for (std::int64_t c = 0; c < x.sizes[1]; ++c) {
    const double* image = x.values.data() + c * x.sizes[2] * x.sizes[3];
    for (std::int64_t oy = 0; oy < out.sizes[2]; ++oy) {
      for (std::int64_t ox = 0; ox < out.sizes[3]; ++ox) {
        double best = -std::numeric_limits<double>::infinity();
        double total = 0;
        double places = 0;
        for (std::int64_t ky = 0; ky < w.kernel[0]; ++ky) {
          const std::int64_t y = oy * w.stride[0] + ky * w.dilation[0] - w.before[0];
          for (std::int64_t kx = 0; kx < w.kernel[1]; ++kx) {
            const std::int64_t left = ox * w.stride[1] + kx * w.dilation[1] - w.before[1];
            if (y < 0 || y >= x.sizes[2] || left < 0 || left >= x.sizes[3]) continue;
            const double value = image[y * x.sizes[3] + left];
            best = std::max(best, value);
            total += value;
            ++places;
          }
        }
        if (places == 0) a.node.refuse("a window lies outside the image; pad less");
        out.values.push_back(maximum ? best : total / (counts_outside ? static_cast<double>(w.kernel[0] * w.kernel[1]) : places));
      }
    }
  }
  return out;
}

// Of all pixels: GlobalAveragePool, GlobalMaxPool, or ReduceMean over height and width.
Tensor global(const Arguments& a) {
  const Tensor& x = a.at(0);
  if (x.sizes.size() != 4) a.node.refuse("only the pixels of images [1, channels, height, width] can be averaged");
  bool keeps = true;
  if (a.node.op == "ReduceMean") {
    std::vector<bool> axes(4, false);
    for (const std::int64_t axis : a.list(1, "axes", {0, 1, 2, 3})) axes[axis_of(a.node, axis, 4)] = true;
    if (axes != std::vector<bool>{false, false, true, true}) a.node.refuse("it averages over other axes than height and width; average over those");
    keeps = a.node.attributes.integer("keepdims", 1) != 0;
  }
  Tensor out{{x.sizes[0], x.sizes[1]}, {}, false};
  const std::int64_t area = count({x.sizes[2], x.sizes[3]});
  if (area == 0) a.node.refuse("its input has no pixels; export the model again");
  for (auto at = x.values.begin(); at != x.values.end(); at += area) {
    double total = 0;
    for (auto p = at; p != at + area; ++p) total += *p;
    out.values.push_back(a.node.op == "GlobalMaxPool" ? *std::max_element(at, at + area) : total / static_cast<double>(area));
  }
  if (keeps) out.sizes.insert(out.sizes.end(), {1, 1});
  return out;
}

}  // namespace

Operator find_pooling(std::string_view op) {
  if (op == "MaxPool" || op == "AveragePool") return pool;
  if (op == "GlobalAveragePool" || op == "GlobalMaxPool" || op == "ReduceMean") return global;
  return nullptr;
}

}  // namespace flexor::foreign
