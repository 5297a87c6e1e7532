// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "import/operators.hpp"

namespace flexor::foreign {
namespace {

Tensor whole_list(const Sizes& list) {
  Tensor out{{static_cast<std::int64_t>(list.size())}, {}, true};
  for (const std::int64_t value : list) out.values.push_back(static_cast<double>(value));
  return out;
}

Tensor resized(const Arguments& a, Sizes sizes) {
  Tensor out = a.at(0);
  if (count(sizes) != static_cast<std::int64_t>(out.values.size())) {
    a.node.refuse(fmt::format("it makes {} of {}, which has another number of values; export the model again", text(sizes), text(out.sizes)));
  }
  out.sizes = std::move(sizes);
  return out;
}

Tensor reshape(const Arguments& a) {
  Sizes sizes = a.list(1, "shape", {});
  const Sizes& from = a.at(0).sizes;
  const bool zeros = a.node.attributes.integer("allowzero", 0) != 0;
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0 && !zeros && i < from.size()) sizes[i] = from[i];
    if (sizes[i] == -1 && open == nullptr) {
      open = &sizes[i];
    } else {
      known = count({known, sizes[i]});
    }
  }
  if (open != nullptr) *open = known == 0 ? 0 : static_cast<std::int64_t>(a.at(0).values.size()) / known;
  return resized(a, std::move(sizes));
}

Tensor flatten(const Arguments& a) {
  const Sizes& from = a.at(0).sizes;
  const std::int64_t given = a.node.attributes.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(from.size());
  const std::size_t axis = given == rank ? from.size() : axis_of(a.node, given, from.size());
  const auto middle = from.begin() + static_cast<std::ptrdiff_t>(axis);
  return resized(a, {count({from.begin(), middle}), count({middle, from.end()})});
}

Tensor squeeze(const Arguments& a) {
  const Sizes& from = a.at(0).sizes;
  std::vector<bool> drop(from.size(), false);
  const Sizes axes = a.list(1, "axes", {});
  for (const std::int64_t axis : axes) drop[axis_of(a.node, axis, from.size())] = true;
  Sizes sizes;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (axes.empty() ? from[i] != 1 : !drop[i]) sizes.push_back(from[i]);
  }
  return resized(a, std::move(sizes));
}

Tensor unsqueeze(const Arguments& a) {
  const Sizes& from = a.at(0).sizes;
  const Sizes axes = a.list(1, "axes", {});
  std::vector<bool> is_new(from.size() + axes.size(), false);
  for (const std::int64_t axis : axes) is_new[axis_of(a.node, axis, is_new.size())] = true;
  Sizes sizes;
  std::size_t next = 0;
  for (const bool one : is_new) {
    if (!one && next == from.size()) a.node.refuse("it names an axis twice; export the model again");
    sizes.push_back(one ? 1 : from[next++]);
  }
  return resized(a, std::move(sizes));
}

// Copies every value of `out` from where it lies in `from`: at base + sum of index * step.
Tensor gathered(const Tensor& from, Sizes sizes, std::int64_t base, const Sizes& steps) {
  Tensor out{std::move(sizes), {}, from.whole};
  const auto wanted = static_cast<std::size_t>(count(out.sizes));
  out.values.resize(wanted);
  Sizes index(out.sizes.size(), 0);
  std::int64_t place = base;
  for (std::size_t i = 0; i < wanted; ++i) {
    out.values[i] = from.values[static_cast<std::size_t>(place)];
    for (std::size_t d = index.size(); d-- > 0;) {
      place += steps[d];
      if (++index[d] < out.sizes[d]) break;
      place -= steps[d] * out.sizes[d];
      index[d] = 0;
    }
  }
  return out;
}

Sizes row_major_steps(const Sizes& sizes) {
  Sizes steps(sizes.size(), 1);
  for (std::size_t i = sizes.size(); i-- > 1;) steps[i - 1] = steps[i] * sizes[i];
  return steps;
}

Tensor transpose(const Arguments& a) {
  const Tensor& from = a.at(0);
  Sizes usual(from.sizes.size());
  std::iota(usual.rbegin(), usual.rend(), 0);
  const Sizes order = a.node.attributes.list("perm", usual);
  const Sizes own = row_major_steps(from.sizes);
  Sizes sizes, steps;
  std::vector<bool> seen(from.sizes.size(), false);
  for (const std::int64_t axis : order) {
    const std::size_t at = axis_of(a.node, axis, from.sizes.size());
    seen[at] = true;
    sizes.push_back(from.sizes[at]);
    steps.push_back(own[at]);
  }
  if (order.size() != from.sizes.size() || std::find(seen.begin(), seen.end(), false) != seen.end()) {
    a.node.refuse("its order of axes is none; export the model again");
  }
  return gathered(from, std::move(sizes), 0, steps);
}

Tensor slice(const Arguments& a) {
  const Tensor& from = a.at(0);
  const Sizes starts = a.list(1, "starts", {});
  const Sizes ends = a.list(2, "ends", {});
  Sizes usual(starts.size());
  std::iota(usual.begin(), usual.end(), 0);
  const Sizes axes = a.list(3, "axes", usual);
  const Sizes leaps = a.list(4, "steps", Sizes(starts.size(), 1));
  if (ends.size() != starts.size() || axes.size() != starts.size() || leaps.size() != starts.size()) {
    a.node.refuse("its starts, ends, axes and steps are not as many; export the model again");
  }
  Sizes sizes = from.sizes;
  Sizes steps = row_major_steps(from.sizes);
  std::int64_t base = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = axis_of(a.node, axes[i], from.sizes.size());
    const std::int64_t size = from.sizes[axis];
    if (size == 0) continue;
    const std::int64_t leap = std::clamp(leaps[i], -kMostValues, kMostValues);
    if (leap == 0) a.node.refuse("a step is 0; export the model again");
    const auto inside = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
      return std::clamp(at < 0 ? std::max(at, -kMostValues * 2) + size : at, low, high);
    };
    const std::int64_t start = leap > 0 ? inside(starts[i], 0, size) : inside(starts[i], 0, size - 1);
    const std::int64_t end = leap > 0 ? inside(ends[i], 0, size) : inside(ends[i], -1, size - 1);
    const std::int64_t span = leap > 0 ? end - start : start - end;
    const std::int64_t pace = leap > 0 ? leap : -leap;
    sizes[axis] = span <= 0 ? 0 : (span + pace - 1) / pace;
    base += start * steps[axis];
    steps[axis] *= leap;
  }
  return gathered(from, std::move(sizes), base, steps);
}

Tensor pad(const Arguments& a) {
  const Tensor& from = a.at(0);
  const Sizes pads = a.list(1, "pads", {});
  if (a.node.attributes.text("mode", "constant") != "constant") a.node.refuse("it repeats the image's border; train with zeros around it");
  if (a.maybe(3) != nullptr) a.node.refuse("it names its axes; export the model with opset 17 or less");
  const std::size_t rank = from.sizes.size();
  if (pads.size() != 2 * rank) a.node.refuse(fmt::format("it has {} pads for {} dimensions; export the model again", pads.size(), rank));
  const Tensor* given = a.maybe(2);
  const double value = given != nullptr && !given->values.empty() ? given->values.front() : a.node.attributes.number("value", 0);
  Sizes sizes = from.sizes;
  for (std::size_t d = 0; d < rank; ++d) {
    if (pads[d] < 0 || pads[d + rank] < 0 || pads[d] > kMostValues || pads[d + rank] > kMostValues) {
      a.node.refuse("its pads are negative; export the model again");
    }
    sizes[d] += pads[d] + pads[d + rank];
  }
  Tensor out{sizes, std::vector<double>(static_cast<std::size_t>(count(sizes)), value), from.whole};
  const Sizes steps = row_major_steps(sizes);
  const Sizes own = row_major_steps(from.sizes);
  for (std::size_t i = 0; i < from.values.size(); ++i) {
    std::int64_t place = 0;
    for (std::size_t d = 0; d < rank; ++d) place += (static_cast<std::int64_t>(i) / own[d] % from.sizes[d] + pads[d]) * steps[d];
    out.values[static_cast<std::size_t>(place)] = from.values[i];
  }
  return out;
}

Tensor concat(const Arguments& a) {
  const Tensor& first = a.at(0);
  const std::size_t axis = axis_of(a.node, a.node.attributes.integer("axis", 0), first.sizes.size());
  Tensor out{first.sizes, {}, first.whole};
  out.sizes[axis] = 0;
  for (std::size_t n = 0; n < a.inputs.size(); ++n) {
    Sizes sizes = a.at(n).sizes;
    if (sizes.size() != first.sizes.size()) a.node.refuse("it joins tensors of different dimensions; export the model again");
    out.sizes[axis] += sizes[axis];
    sizes[axis] = first.sizes[axis];
    if (sizes != first.sizes) a.node.refuse("it joins tensors of different sizes; export the model again");
  }
  count(out.sizes);
  const std::int64_t outer = count({first.sizes.begin(), first.sizes.begin() + static_cast<std::ptrdiff_t>(axis)});
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::size_t n = 0; n < a.inputs.size(); ++n) {
      const auto share = static_cast<std::ptrdiff_t>(a.at(n).values.size()) / outer;
      const auto begin = a.at(n).values.begin() + o * share;
      out.values.insert(out.values.end(), begin, begin + share);
    }
  }
  return out;
}

Tensor gather(const Arguments& a) {
  const Tensor& from = a.at(0);
  const Tensor& which = a.at(1);
  const std::size_t axis = axis_of(a.node, a.node.attributes.integer("axis", 0), from.sizes.size());
  const auto middle = from.sizes.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t outer = count({from.sizes.begin(), middle});
  const std::int64_t inner = count({middle + 1, from.sizes.end()});
  Tensor out{{from.sizes.begin(), middle}, {}, from.whole};
  out.sizes.insert(out.sizes.end(), which.sizes.begin(), which.sizes.end());
  out.sizes.insert(out.sizes.end(), middle + 1, from.sizes.end());
  count(out.sizes);
  for (std::int64_t o = 0; o < outer; ++o) {
    for (const double value : which.values) {
      if (!(value >= -static_cast<double>(*middle) && value < static_cast<double>(*middle))) a.node.refuse("an index is outside; export the model again");
      const auto at = static_cast<std::int64_t>(value);
      const auto begin = from.values.begin() + (o * *middle + (at < 0 ? at + *middle : at)) * inner;
      out.values.insert(out.values.end(), begin, begin + inner);
    }
  }
  return out;
}

Tensor shape(const Arguments& a) {
  Sizes sizes = a.at(0).sizes;
  const auto rank = static_cast<std::int64_t>(sizes.size());
  const auto inside = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const std::int64_t start = inside(a.node.attributes.integer("start", 0));
  const std::int64_t end = inside(a.node.attributes.integer("end", rank));
  if (end < start) return whole_list({});
  return whole_list({sizes.begin() + start, sizes.begin() + end});
}

Tensor constant(const Arguments& a) {
  const Attributes& from = a.node.attributes;
  if (const auto found = from.tensors.find("value"); found != from.tensors.end()) return found->second;
  if (from.has("value_float")) return {{}, {from.number("value_float", 0)}, false};
  if (from.has("value_int")) return {{}, {static_cast<double>(from.integer("value_int", 0))}, true};
  if (from.has("value_ints")) return whole_list(from.list("value_ints", {}));
  if (const auto found = from.numbers.find("value_floats"); found != from.numbers.end()) {
    return {{static_cast<std::int64_t>(found->second.size())}, found->second, false};
  }
  a.node.refuse("it has no numbers; export the model again");
}

Tensor constant_of_shape(const Arguments& a) {
  const auto found = a.node.attributes.tensors.find("value");
  const bool given = found != a.node.attributes.tensors.end();
  if (given && found->second.values.size() != 1) a.node.refuse("its value must be one number; export the model again");
  const Sizes sizes = a.list(0, "", {});
  return {sizes, std::vector<double>(static_cast<std::size_t>(count(sizes)), given ? found->second.values.front() : 0),
          given && found->second.whole};
}

}  // namespace

Operator find_shaping(std::string_view op) {
  if (op == "Reshape") return reshape;
  if (op == "Flatten") return flatten;
  if (op == "Squeeze") return squeeze;
  if (op == "Unsqueeze") return unsqueeze;
  if (op == "Transpose") return transpose;
  if (op == "Slice") return slice;
  if (op == "Pad") return pad;
  if (op == "Concat") return concat;
  if (op == "Gather") return gather;
  if (op == "Shape") return shape;
  if (op == "Constant") return constant;
  if (op == "ConstantOfShape") return constant_of_shape;
  return nullptr;
}

}  // namespace flexor::foreign
