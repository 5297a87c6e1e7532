// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "import/matcher.hpp"

namespace flexor::foreign {

// Only what takes an image apart into one vector, or says the same sizes in other words.
void Matcher::reshape(const Node& node) {
  View seen = view(node);
  const Sizes& from = sizes(node.input(0));
  const Sizes& to = sizes(node.outputs.front());
  const std::int64_t values = count(to);
  bool vector = !to.empty() && to.front() == 1;
  int large = 0;
  for (const std::int64_t size : to) large += size != 1 ? 1 : 0;
  vector = vector && (large == 0 || (large == 1 && (to[1] == values || to.size() == 1)));
  if (vector) {
    const Shape& image = shape(seen);
    if (!seen.averaged && image.height * image.width != 1) seen.flat = true;
    if (seen.halved[0] || seen.halved[1]) node.refuse("it follows a Slice; only an Add may");
    return give(node, seen);
  }
  if (from == to) return give(node, seen);
  const bool pixels_only = seen.layer == kPixels && to.size() == 4 && seen.plain() && from.size() == 2 && plan_.layers.empty();
  if (pixels_only && to.front() == 1) {  // a vector of pixels that becomes an image: the image is the input
    plan_.input = {static_cast<int>(to[2]), static_cast<int>(to[3]), static_cast<int>(to[1])};
    const double scale = seen.scale.front();
    const double offset = seen.offset.front();
    seen = whole(kPixels);
    seen.scale.assign(seen.scale.size(), scale);
    seen.offset.assign(seen.offset.size(), offset);
    return give(node, seen);
  }
  node.refuse(fmt::format("it makes {} of {}; only flattening an image in front of a dense layer is possible", text(to), text(from)));
}

// Between [1, C, H, W] and [1, H, W, C]: at the input, or in front of a flattening.
void Matcher::transpose(const Node& node) {
  View seen = view(node);
  const Sizes order = node.attributes.list("perm", {});
  const Shape& image = shape(seen);
  const bool single = seen.averaged || image.height * image.width == 1;
  if (order == Sizes{0, 3, 1, 2} && seen.layer == kPixels && node.input(0) == graph_.input) return give(node, seen);
  if (order == Sizes{0, 2, 3, 1} && (seen.plain() || single)) {
    seen.pixels_first = !single;
    return give(node, seen);
  }
  if (order == Sizes{0, 3, 1, 2} && seen.pixels_first && !seen.flat) {
    seen.pixels_first = false;
    return give(node, seen);
  }
  node.refuse("it turns an image in another way than between [1, C, H, W] and [1, H, W, C]; export the model with images [1, C, H, W]");
}

// Zeros around an image wait for the convolution, zeros in channels for the addition.
void Matcher::pad(const Node& node) {
  View seen = view(node);
  const Tensor* given = node.input(1) == kNoValue ? nullptr : &graph_.constant(node, 1, "pads");
  Sizes pads = node.attributes.list("pads", {});
  if (given != nullptr) {
    pads.clear();
    for (const double value : given->values) pads.push_back(static_cast<std::int64_t>(value));
  }
  const double value = node.input(2) == kNoValue ? node.attributes.number("value", 0) : graph_.constant(node, 2, "value").values.at(0);
  if (pads.size() != 8 || seen.flat || seen.averaged || seen.pixels_first) node.refuse("it pads something else than an image; export the model again");
  if (value != 0) node.refuse(fmt::format("it pads with {:g}, but the engine has zeros around its images; pad with 0", value));
  if (pads[0] != 0 || pads[4] != 0) node.refuse("it pads the batch; export the model for one image");
  constexpr std::int64_t kMost = 4096;
  for (const std::int64_t pad : pads) {
    if (pad > kMost) node.refuse(fmt::format("it pads {} places; at most {} are possible", pad, kMost));
  }
  seen.front += static_cast<int>(pads[1]);
  seen.behind += static_cast<int>(pads[5]);
  const std::array<std::int64_t, 4> around{pads[2], pads[3], pads[6], pads[7]};
  for (std::size_t i = 0; i < 4; ++i) seen.pads[i] += around[i];
  give(node, closed(seen));
}

// Every second row or column, as a shortcut wants them.
void Matcher::slice(const Node& node) {
  View seen = view(node);
  const Sizes& from = sizes(node.input(0));
  const Sizes& to = sizes(node.outputs.front());
  if (from == to) return give(node, seen);
  const auto numbers = [&](std::size_t i, const char* name, double otherwise) {
    if (node.input(i) != kNoValue) return graph_.constant(node, i, name).values;
    const Sizes list = node.attributes.list(name, {});
    std::vector<double> values(list.begin(), list.end());
    return values.empty() ? std::vector<double>(to.size(), otherwise) : values;
  };
  const std::vector<double> starts = numbers(1, "starts", 0);
  const std::vector<double> steps = numbers(4, "steps", 1);
  bool fits = from.size() == 4 && !seen.flat && !seen.averaged && !seen.pixels_first && seen.front == 0 && seen.behind == 0 &&
              from[0] == to[0] && from[1] == to[1];
  for (const double start : starts) fits = fits && start == 0;
  for (const double step : steps) fits = fits && (step == 1 || step == 2);
  for (std::size_t axis = 0; fits && axis < 2; ++axis) {
    if (from[axis + 2] == to[axis + 2]) continue;
    fits = to[axis + 2] == (from[axis + 2] + 1) / 2 && !seen.halved[axis] &&
           std::find(steps.begin(), steps.end(), 2.0) != steps.end();
    seen.halved[axis] = true;
  }
  if (!fits) node.refuse("it cuts an image in another way than every second row and column from the first on; use a layer with stride 2");
  give(node, closed(seen));
}

}  // namespace flexor::foreign
