// SPDX-License-Identifier: Apache-2.0
#include "train/norm_pass.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <cstddef>

#include "code/integer.hpp"

// The loops are plain and as long as a vector register is wide or more; g++ makes one copy for each instruction set.
#define FLEXOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define FLEXOR_INLINE __attribute__((always_inline)) inline

namespace flexor {
namespace {

constexpr std::int64_t kWide = 64;      // values of one step: 64 / C pixels, or 64 channels of one pixel
constexpr std::int64_t kLongest = 256;  // steps whose sums are float

FLEXOR_INLINE float load(float value) { return value; }
FLEXOR_INLINE float load(BFloat16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16); }
FLEXOR_INLINE void store(float& to, float value) { to = value; }
FLEXOR_INLINE void store(BFloat16& to, float value) {  // to the nearest, even in a tie
  const auto bits = std::bit_cast<std::uint32_t>(value);
  to.bits = static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

FLEXOR_INLINE void store(std::int16_t& to, float value) {  // to the nearest; above 0 while it is cut off
  to = static_cast<std::int16_t>(static_cast<std::int32_t>(value + 32768.5F) - 32768);
}

// `rows` steps of 64 lanes, `stride` values from one to the next.
struct Steps {
  std::int64_t rows, stride;
};

template <typename T>
FLEXOR_INLINE void sum_squares_body(const T* __restrict a, Steps steps, float* first, float* second) {
  float s[kWide] = {};
  float t[kWide] = {};
  for (std::int64_t row = 0; row < steps.rows; ++row, a += steps.stride) {
    for (int i = 0; i < kWide; ++i) {
      const float value = load(a[i]);
      s[i] += value;
      t[i] += value * value;
    }
  }
  std::copy_n(s, kWide, first);
  std::copy_n(t, kWide, second);
}
FLEXOR_CLONES void sum_squares_steps(const float* a, Steps steps, float* first, float* second) {
  sum_squares_body(a, steps, first, second);
}
FLEXOR_CLONES void sum_squares_steps(const BFloat16* a, Steps steps, float* first, float* second) {
  sum_squares_body(a, steps, first, second);
}

// The map of 64 lanes.
struct Lanes {
  const float* scale;
  const float* shift;
  float shortcut, largest;
};

// The gradient where s is strictly inside 0..largest, else 0; in bits, because g++ makes branches of anything else.
FLEXOR_INLINE float inside(float s, float largest, float flow) {
  const std::uint32_t kept = static_cast<std::uint32_t>(s > 0.0F) & static_cast<std::uint32_t>(s < largest);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(flow) & (0U - kept));
}

template <bool Shortcut, typename T>
FLEXOR_INLINE float mapped(const T* __restrict a, const T* __restrict r, Lanes map, int i) {
  const float s = map.scale[i] * load(a[i]) + map.shift[i];
  return Shortcut ? s + map.shortcut * load(r[i]) : s;
}

// A tensor and the same values as bytes, or none.
template <typename T>
struct Rounded {
  T* q;
  std::uint8_t* bytes;
};

template <bool Shortcut, bool Bytes, typename T>
FLEXOR_INLINE void round_body(const T* __restrict a, const T* __restrict r, Lanes map, Steps steps, T* __restrict q,
                              std::uint8_t* __restrict bytes) {
  const float top = map.largest + 0.5F;
  for (std::int64_t row = 0; row < steps.rows; ++row) {
    for (int i = 0; i < kWide; ++i) {
      float value = mapped<Shortcut>(a, r, map, i) + 0.5F;  // not below 0, so that cutting off is rounding down
      value = value < 0.0F ? 0.0F : value;
      value = value > top ? top : value;
      const auto whole = static_cast<std::int32_t>(value);
      store(q[i], static_cast<float>(whole));
      if (Bytes) bytes[i] = static_cast<std::uint8_t>(whole);
    }
    a += steps.stride;
    q += steps.stride;
    if (Shortcut) r += steps.stride;
    if (Bytes) bytes += steps.stride;
  }
}
template <typename T>
FLEXOR_INLINE void round_either(const T* __restrict a, const T* __restrict r, Lanes map, Steps steps, Rounded<T> to) {
  if (to.bytes == nullptr) {
    return r == nullptr ? round_body<false, false>(a, r, map, steps, to.q, to.bytes)
                        : round_body<true, false>(a, r, map, steps, to.q, to.bytes);
  }
  return r == nullptr ? round_body<false, true>(a, r, map, steps, to.q, to.bytes)
                      : round_body<true, true>(a, r, map, steps, to.q, to.bytes);
}
FLEXOR_CLONES void round_steps(const float* a, const float* r, Lanes map, Steps steps, Rounded<float> to) {
  round_either(a, r, map, steps, to);
}
FLEXOR_CLONES void round_steps(const BFloat16* a, const BFloat16* r, Lanes map, Steps steps, Rounded<BFloat16> to) {
  round_either(a, r, map, steps, to);
}

// Sums of 64 lanes; `largest` null: no bounds.
struct GradientSums {
  float* first;
  float* second;
  float* largest;  // |g|
  float* lowest;   // a
  float* highest;
};

template <bool Shortcut, bool Two, bool Bounds, typename T>
FLEXOR_INLINE void gradient_body(const T* __restrict dq, const T* __restrict more, const T* __restrict a, const T* __restrict r, Lanes map,
                                 Steps steps, T* __restrict g, const GradientSums& to) {
  float sum[kWide] = {};
  float product[kWide] = {};
  float most[kWide] = {};
  float low[kWide];
  float high[kWide];
  for (int i = 0; Bounds && i < kWide; ++i) low[i] = high[i] = load(a[i]);
  for (std::int64_t row = 0; row < steps.rows; ++row) {
    for (int i = 0; i < kWide; ++i) {
      const float value = load(a[i]);
      const float s = mapped<Shortcut>(a, r, map, i);
      const float flow = Two ? load(dq[i]) + load(more[i]) : load(dq[i]);
      const float kept = inside(s, map.largest, flow);
      sum[i] += kept;
      product[i] += kept * value;
      if (Bounds) {
        const float size = std::bit_cast<float>(std::bit_cast<std::uint32_t>(kept) & 0x7fffffffU);
        most[i] = most[i] > size ? most[i] : size;
        low[i] = low[i] < value ? low[i] : value;
        high[i] = high[i] > value ? high[i] : value;
      }
      if (Shortcut || Two) store(g[i], kept);
    }
    a += steps.stride;
    dq += steps.stride;
    if (Two) more += steps.stride;
    if (Shortcut) r += steps.stride;
    if (Shortcut || Two) g += steps.stride;
  }
  std::copy_n(sum, kWide, to.first);
  std::copy_n(product, kWide, to.second);
  if (!Bounds) return;
  std::copy_n(most, kWide, to.largest);
  std::copy_n(low, kWide, to.lowest);
  std::copy_n(high, kWide, to.highest);
}
template <bool Bounds, typename T>
FLEXOR_INLINE void gradient_any(OutputGradient<T> dq, const T* __restrict a, const T* __restrict r, Lanes map, Steps steps, T* __restrict g,
                                const GradientSums& to) {
  if (dq.second == nullptr) {
    return r == nullptr ? gradient_body<false, false, Bounds>(dq.first, dq.second, a, r, map, steps, g, to)
                        : gradient_body<true, false, Bounds>(dq.first, dq.second, a, r, map, steps, g, to);
  }
  return r == nullptr ? gradient_body<false, true, Bounds>(dq.first, dq.second, a, r, map, steps, g, to)
                      : gradient_body<true, true, Bounds>(dq.first, dq.second, a, r, map, steps, g, to);
}
FLEXOR_CLONES void gradient_steps(OutputGradient<float> dq, const float* a, const float* r, Lanes map, Steps steps, float* g,
                                  const GradientSums& to) {
  to.largest == nullptr ? gradient_any<false>(dq, a, r, map, steps, g, to) : gradient_any<true>(dq, a, r, map, steps, g, to);
}
FLEXOR_CLONES void gradient_steps(OutputGradient<BFloat16> dq, const BFloat16* a, const BFloat16* r, Lanes map, Steps steps, BFloat16* g,
                                  const GradientSums& to) {
  to.largest == nullptr ? gradient_any<false>(dq, a, r, map, steps, g, to) : gradient_any<true>(dq, a, r, map, steps, g, to);
}

// da = slope g + by_value a + constant.
struct Spread {
  const float* slope;
  const float* by_value;
  const float* constant;
};

template <bool Masked, typename T, typename D>
FLEXOR_INLINE void spread_body(const T* __restrict g, const T* __restrict a, Lanes map, Spread to, Steps steps, D* __restrict da) {
  for (std::int64_t row = 0; row < steps.rows; ++row) {
    for (int i = 0; i < kWide; ++i) {
      const float value = load(a[i]);
      float flow = load(g[i]);
      if (Masked) {
        const float s = map.scale[i] * value + map.shift[i];
        flow = inside(s, map.largest, flow);
      }
      store(da[i], to.slope[i] * flow + to.by_value[i] * value + to.constant[i]);
    }
    g += steps.stride;
    a += steps.stride;
    da += steps.stride;
  }
}
template <typename T, typename D>
FLEXOR_INLINE void spread_either(const T* __restrict g, const T* __restrict a, bool masked, Lanes map, Spread to, Steps steps,
                                 D* __restrict da) {
  return masked ? spread_body<true>(g, a, map, to, steps, da) : spread_body<false>(g, a, map, to, steps, da);
}
FLEXOR_CLONES void spread_steps(const float* g, const float* a, bool masked, Lanes map, Spread to, Steps steps, float* da) {
  spread_either(g, a, masked, map, to, steps, da);
}
FLEXOR_CLONES void spread_steps(const BFloat16* g, const BFloat16* a, bool masked, Lanes map, Spread to, Steps steps, BFloat16* da) {
  spread_either(g, a, masked, map, to, steps, da);
}
FLEXOR_CLONES void spread_steps(const float* g, const float* a, bool masked, Lanes map, Spread to, Steps steps, std::int16_t* da) {
  spread_either(g, a, masked, map, to, steps, da);
}

// The tensor as rows of `blocks` times 64 lanes, in which the pattern of channels repeats.
struct Grid {
  explicit Grid(const PixelRows& from)
      : blocks(std::max<std::int64_t>(from.channels / kWide, 1)),
        rows(from.pixels * from.channels / (blocks * kWide)),
        chunk(std::max<std::int64_t>(kLongest / blocks, 1)) {}
  [[nodiscard]] std::int64_t chunks() const { return ceil_div(rows, chunk); }
  [[nodiscard]] std::int64_t width() const { return blocks * kWide; }
  std::int64_t blocks, rows, chunk;
};

// One value a channel -> one a lane of a row.
std::vector<float> spread(const std::vector<float>& values, const Grid& grid) {
  std::vector<float> lanes(static_cast<std::size_t>(grid.width()));
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = values[i % values.size()];
  return lanes;
}

// work(chunk, block, offset of its first value, steps) for all chunks and blocks of 64 lanes.
template <typename Work>
void for_chunks(const Grid& grid, const Work& work) {
  at::parallel_for(0, grid.chunks(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t chunk = begin; chunk < end; ++chunk) {
      const std::int64_t row = chunk * grid.chunk;
      const Steps steps{std::min(grid.chunk, grid.rows - row), grid.width()};
      for (std::int64_t block = 0; block < grid.blocks; ++block) work(chunk, block * kWide, row * grid.width() + block * kWide, steps);
    }
  });
}

// So many values of every chunk and lane.
class Partial {
 public:
  Partial(const Grid& grid, int each) : grid_(grid), each_(each), values_(static_cast<std::size_t>(each * grid.chunks() * grid.width())) {}
  float* at(int which, std::int64_t chunk, std::int64_t lane) { return values_.data() + (each_ * chunk + which) * grid_.width() + lane; }
  // use(channel, chunk, lane) of all of them.
  template <typename Use>
  void for_all(std::int64_t channels, const Use& use) {
    for (std::int64_t chunk = 0; chunk < grid_.chunks(); ++chunk) {
      for (std::int64_t lane = 0; lane < grid_.width(); ++lane) use(static_cast<std::size_t>(lane % channels), chunk, lane);
    }
  }
  // Of the first two values.
  ChannelSums sums(std::int64_t channels) {
    const auto count = static_cast<std::size_t>(channels);
    ChannelSums sums{std::vector<double>(count, 0), std::vector<double>(count, 0)};
    for_all(channels, [&](std::size_t channel, std::int64_t chunk, std::int64_t lane) {
      sums.first[channel] += *at(0, chunk, lane);
      sums.second[channel] += *at(1, chunk, lane);
    });
    return sums;
  }
  // Of the three behind them.
  ChannelBounds bounds(std::int64_t channels) {
    const auto count = static_cast<std::size_t>(channels);
    ChannelBounds bounds{std::vector<float>(count, 0), std::vector<float>(count), std::vector<float>(count)};
    for (std::size_t c = 0; c < count; ++c) {
      bounds.lowest[c] = *at(3, 0, static_cast<std::int64_t>(c));
      bounds.highest[c] = *at(4, 0, static_cast<std::int64_t>(c));
    }
    for_all(channels, [&](std::size_t channel, std::int64_t chunk, std::int64_t lane) {
      bounds.gradient[channel] = std::max(bounds.gradient[channel], *at(2, chunk, lane));
      bounds.lowest[channel] = std::min(bounds.lowest[channel], *at(3, chunk, lane));
      bounds.highest[channel] = std::max(bounds.highest[channel], *at(4, chunk, lane));
    });
    return bounds;
  }

 private:
  Grid grid_;
  std::int64_t each_;
  std::vector<float> values_;
};

}  // namespace

bool norm_pass_fits(const PixelRows& rows) {
  const bool pattern = rows.channels > 0 && (kWide % rows.channels == 0 || rows.channels % kWide == 0);
  return pattern && rows.pixels * rows.channels % kWide == 0;
}

template <typename T>
ChannelSums sum_squares(const T* __restrict a, const PixelRows& rows) {
  const Grid grid(rows);
  Partial partial(grid, 2);
  for_chunks(grid, [&](std::int64_t chunk, std::int64_t lane, std::int64_t at, Steps steps) {
    sum_squares_steps(a + at, steps, partial.at(0, chunk, lane), partial.at(1, chunk, lane));
  });
  return partial.sums(rows.channels);
}

template <typename T>
void map_and_round(const T* __restrict a, const T* __restrict r, const ChannelMap& map, const PixelRows& rows, T* __restrict q,
                   std::uint8_t* __restrict bytes) {
  const Grid grid(rows);
  const std::vector<float> scale = spread(map.scale, grid);
  const std::vector<float> shift = spread(map.shift, grid);
  for_chunks(grid, [&](std::int64_t, std::int64_t lane, std::int64_t at, Steps steps) {
    round_steps(a + at, r == nullptr ? r : r + at, {scale.data() + lane, shift.data() + lane, map.shortcut, map.largest}, steps,
                Rounded<T>{q + at, bytes == nullptr ? bytes : bytes + at});
  });
}

template <typename T>
ChannelSums sum_gradients(OutputGradient<T> dq, const T* __restrict a, const T* __restrict r, const ChannelMap& map, const PixelRows& rows,
                          T* g, ChannelBounds* bounds) {
  const Grid grid(rows);
  const std::vector<float> scale = spread(map.scale, grid);
  const std::vector<float> shift = spread(map.shift, grid);
  const auto from = [](auto* tensor, std::int64_t at) { return tensor == nullptr ? tensor : tensor + at; };
  Partial partial(grid, bounds == nullptr ? 2 : 5);
  for_chunks(grid, [&](std::int64_t chunk, std::int64_t lane, std::int64_t at, Steps steps) {
    GradientSums to{partial.at(0, chunk, lane), partial.at(1, chunk, lane), nullptr, nullptr, nullptr};
    if (bounds != nullptr) {
      to.largest = partial.at(2, chunk, lane);
      to.lowest = partial.at(3, chunk, lane);
      to.highest = partial.at(4, chunk, lane);
    }
    gradient_steps({dq.first + at, from(dq.second, at)}, a + at, from(r, at),
                   {scale.data() + lane, shift.data() + lane, map.shortcut, map.largest}, steps, from(g, at), to);
  });
  if (bounds != nullptr) *bounds = partial.bounds(rows.channels);
  return partial.sums(rows.channels);
}

template <typename T, typename D>
void spread_gradient(const T* __restrict g, const T* __restrict a, bool masked, const ChannelMap& map, const GradientMap& to,
                     const PixelRows& rows, D* __restrict da) {
  const Grid grid(rows);
  const std::vector<float> scale = spread(map.scale, grid);
  const std::vector<float> shift = spread(map.shift, grid);
  const std::vector<float> slope = spread(to.slope, grid);
  const std::vector<float> by_value = spread(to.by_value, grid);
  const std::vector<float> constant = spread(to.constant, grid);
  for_chunks(grid, [&](std::int64_t, std::int64_t lane, std::int64_t at, Steps steps) {
    spread_steps(g + at, a + at, masked, {scale.data() + lane, shift.data() + lane, map.shortcut, map.largest},
                 {slope.data() + lane, by_value.data() + lane, constant.data() + lane}, steps, da + at);
  });
}

template ChannelSums sum_squares(const float*, const PixelRows&);
template ChannelSums sum_squares(const BFloat16*, const PixelRows&);
template void map_and_round(const float*, const float*, const ChannelMap&, const PixelRows&, float*, std::uint8_t*);
template void map_and_round(const BFloat16*, const BFloat16*, const ChannelMap&, const PixelRows&, BFloat16*, std::uint8_t*);
template ChannelSums sum_gradients(OutputGradient<float>, const float*, const float*, const ChannelMap&, const PixelRows&, float*,
                                   ChannelBounds*);
template ChannelSums sum_gradients(OutputGradient<BFloat16>, const BFloat16*, const BFloat16*, const ChannelMap&, const PixelRows&,
                                   BFloat16*, ChannelBounds*);
template void spread_gradient(const float*, const float*, bool, const ChannelMap&, const GradientMap&, const PixelRows&, float*);
template void spread_gradient(const float*, const float*, bool, const ChannelMap&, const GradientMap&, const PixelRows&, std::int16_t*);
template void spread_gradient(const BFloat16*, const BFloat16*, bool, const ChannelMap&, const GradientMap&, const PixelRows&, BFloat16*);

}  // namespace flexor
