// SPDX-License-Identifier: Apache-2.0
// stream_engine: streams written by hand for random single layers (convolution with padding and stride, digits, shortcut in place, 2x2
// maxima, sums over pixels, logits) against plain integer loops; faults of the stream. Whole networks: testbench/sim.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include "stream_bench.hpp"

namespace flexor::testbench {
namespace {

constexpr int kK = 16, kAccWidth = 22;

/// Halfwords of a stream, put together by hand.
struct Assembler {
  std::vector<std::uint16_t> words;
  void set(int op, int payload) { words.push_back(static_cast<std::uint16_t>(op << 12 | (payload & 0xFFF))); }
  void go(int fill, bool compute, int results = 0) { set(15, results << 3 | fill << 1 | (compute ? 1 : 0)); }
  void wait() { set(15, 3 << 9); }
  void end() { set(15, 4 << 9); }
  void copy(int table, int address, int entries, const std::vector<std::uint16_t>& data) {
    set(15, 2 << 9 | table << 7);
    words.push_back(static_cast<std::uint16_t>(address << 8 | (address + entries - 1)));
    words.insert(words.end(), data.begin(), data.end());
  }
  /// Stored bits of whole words of the weight cache: slices[8 * word + s].
  void bits(const std::vector<std::uint32_t>& slices, int n) {
    set(15, 1 << 9 | static_cast<int>(slices.size() / 2 - 1));
    std::vector<int> all;
    for (std::size_t g = 0; g < slices.size(); g += 2) {
      for (int j = 0; j < n; ++j) {
        for (std::size_t d = 0; d < 2; ++d) all.push_back(static_cast<int>(slices[g + d] >> j & 1U));
      }
    }
    while (all.size() % 16 != 0) all.push_back(0);
    for (std::size_t i = 0; i < all.size(); i += 16) {
      unsigned word = 0;
      for (std::size_t b = 0; b < 16; ++b) word |= static_cast<unsigned>(all[i + b]) << b;
      words.push_back(static_cast<std::uint16_t>(word));
    }
  }
};

/// A layer as the bench draws it. Weights are +-1 digits: weight[digit][entry][channel][lane].
struct Layer {
  int width = 8, height = 4, groups = 1, kernel = 3, stride = 1, pad = 1, digits = 1, n = 13;
  bool shortcut = false, pool = false, logits = false, average = false, projection = false;
  int outs_x = 0, outs_y = 0;
};

class StreamEngine : public ::testing::Test {
 protected:
  StreamEngine() { std::cout << "seed " << seed_ << '\n'; }
  int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  Layer random_layer() {
    Layer l;
    l.kernel = draw(1, 3);
    l.groups = draw(l.kernel == 1 ? 2 : 1, 3);
    l.stride = draw(1, 2);
    l.pad = draw(0, l.kernel - 1);
    l.width = draw(l.kernel + 1, 9);
    l.height = draw(l.kernel + 1, 9);
    l.digits = draw(0, 2) == 0 ? draw(2, 3) : 1;
    l.n = draw(1, 32);
    switch (draw(0, 5)) {
      case 0:
        l.shortcut = true;
        break;
      case 1:
        l.pool = true;
        break;
      case 2:
        l.logits = true;
        break;
      case 3:
        l.average = true, l.digits = 1;
        break;  // digits of a sum over pixels are rows of their own
      case 4:
        l.projection = true;
        break;
      default:
        break;
    }
    if (l.pool) l.kernel = std::min(l.kernel, 2), l.pad = std::min(l.pad, 1);
    l.outs_x = (l.width + 2 * l.pad - l.kernel) / l.stride + 1;
    l.outs_y = (l.height + 2 * l.pad - l.kernel) / l.stride + 1;
    if (l.pool && (l.outs_x < 2 || l.outs_y < 2)) l.pool = false;
    return l;
  }

  /// Runs one layer; returns how many written halfwords differ from the plain loops. `flip` >= 0 flips that bit of the stored bits.
  int differences(const Layer& l, int flip = -1);

  std::uint32_t seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
};

int StreamEngine::differences(const Layer& l, int flip) {
  const int words = l.kernel * l.kernel * l.groups;
  const int window = l.pool ? 2 : 1;
  const int run_words = words * l.digits;
  if (run_words * window * window > 256) return 0;

  // Data.
  std::vector<std::uint8_t> input(static_cast<std::size_t>(l.height * l.width * l.groups * kK));
  for (auto& a : input) a = static_cast<std::uint8_t>(draw(0, 255));
  std::vector<std::uint32_t> column(static_cast<std::size_t>(l.n));
  for (auto& c : column) c = static_cast<std::uint32_t>(random_());
  std::vector<std::uint32_t> stored(static_cast<std::size_t>(run_words) * 8), weights(stored.size());
  for (std::size_t s = 0; s < stored.size(); ++s) {
    stored[s] = static_cast<std::uint32_t>(random_()) & (l.n == 32 ? ~0U : (1U << l.n) - 1);
    for (int j = 0; j < l.n; ++j) weights[s] ^= (stored[s] >> j & 1U) != 0 ? column[static_cast<std::size_t>(j)] : 0;
  }
  const auto bit = [&](int digit, int word, int m, int k) {
    const std::uint32_t y = weights[static_cast<std::size_t>((digit * words + word) * 8 + m / 2)];
    return (y >> (m % 2 * 16 + k) & 1U) != 0;
  };
  std::vector<int> multiplier(16), bias(16), offset(16);
  const int scale = l.shortcut ? draw(0, 4095) : 0;
  const int sums = l.average ? l.outs_x * l.outs_y : 1;
  for (int m = 0; m < 16; ++m) {
    multiplier[m] = draw(-32768, 32767) / (draw(0, 1) == 0 ? 1 : words * l.digits * 8 * sums);
    bias[m] = draw(-3000, 3000);
    std::int64_t c = 0;
    for (int d = 0; d < l.digits; ++d) {
      c *= 2;
      for (int w = 0; w < words; ++w) {
        for (int k = 0; k < kK; ++k) c += bit(d, w, m, k) ? 0 : k % 2 == 0 ? 256 : 255;
      }
    }
    offset[m] = static_cast<int>((bias[m] - c * sums) & ((1 << kAccWidth) - 1));
  }

  // Stream: tables, weights, padding words in front, then row after row.
  Assembler s;
  std::vector<std::uint16_t> entries;
  const int pitch = (l.width + l.pad) * l.groups;
  for (int wy = 0; wy < window; ++wy) {
    for (int wx = 0; wx < window; ++wx) {
      for (int d = 0; d < l.digits; ++d) {
        for (int ky = 0; ky < l.kernel; ++ky) {
          for (int kx = 0; kx < l.kernel; ++kx) {
            for (int g = 0; g < l.groups; ++g) {
              const int place = (wy * l.stride + ky) * pitch + (wx * l.stride + kx) * l.groups + g;
              const bool twice = d > 0 && ky + kx + g == 0;
              const bool last = d == l.digits - 1 && ky == l.kernel - 1 && kx == l.kernel - 1 && g == l.groups - 1;
              entries.push_back(static_cast<std::uint16_t>((place & 255) | (twice ? 256 : 0) | (last ? 512 : 0)));
            }
          }
        }
      }
    }
  }
  entries[entries.size() - 2] |= 1024;
  entries.back() |= 2048;
  s.copy(0, 3, static_cast<int>(entries.size()), entries);
  std::vector<std::uint16_t> code, parameters;
  for (std::uint32_t c : column) code.push_back(static_cast<std::uint16_t>(c)), code.push_back(static_cast<std::uint16_t>(c >> 16));
  s.copy(1, 96, l.n, code);
  for (int m = 0; m < 16; ++m) {
    parameters.push_back(static_cast<std::uint16_t>(multiplier[m]));
    parameters.push_back(static_cast<std::uint16_t>(offset[m]));
    parameters.push_back(static_cast<std::uint16_t>(offset[m] >> 16));
  }
  s.copy(2, 32, 16, parameters);
  s.set(14, (l.n - 1) << 7 | 3);
  std::vector<std::uint32_t> sent = stored;
  if (flip >= 0) sent[0] ^= 1U << (flip % l.n);
  s.bits(sent, l.n);
  const int first_line = draw(0, 255);
  s.set(1, 3 << 10 | 0 << 8 | 7 << 5 | 1);
  s.set(0, 0);
  s.set(3, first_line);
  if (l.pad > 0) {  // words of zeros in front of the first row
    s.set(2, (l.pad * l.groups - 1) << 4 | 0);
    s.go(2, false);
  }
  s.set(2, (l.width * l.groups - 1) << 4 | (l.pad * l.groups));
  const int outs_x = l.pool ? l.outs_x / 2 : l.outs_x, outs_y = l.pool ? l.outs_y / 2 : l.outs_y;
  const int step = window * l.stride * l.groups;
  s.set(4, (outs_x - 1) << 4 | step);
  s.set(5, first_line);
  s.set(6, window * l.stride * pitch - (outs_x - 1) * step);
  s.set(7, 3);
  s.set(8, 0);
  const int result_at = draw(0, 100) * 2, bank = draw(0, 1);
  s.set(9, bank << 11 | result_at);
  s.set(10, (l.shortcut ? bank << 11 | result_at : 0));
  const int activation_max = l.logits ? 255 : l.projection ? 127 : draw(0, 1) == 0 ? 255 : 15;
  s.set(11, activation_max << 4 | (l.logits ? 8 : 0) | (l.projection ? 4 : 0) | (l.shortcut && bank == 0 ? 2 : 0) | (l.pool ? 1 : 0));
  s.set(12, (l.logits ? 2 : 1) << 8 | (l.pool ? 3 : 1) << 4 | 2);
  s.set(13, scale);
  int filled = 0;
  const auto fill = [&](int rows, bool with) {  // the last one goes with a row
    for (; filled < rows; ++filled) {
      const int y = filled - l.pad;
      if (with && filled == rows - 1) break;
      s.go(y < 0 || y >= l.height ? 2 : 1, false);
    }
  };
  const int needs = (window - 1) * l.stride + l.kernel;
  for (int pass = 0; pass < (l.shortcut ? 2 : 1); ++pass) {
    for (int y = 0; y < outs_y; ++y) {
      fill(y * window * l.stride + needs, false);
      const int results = !l.average ? 0 : y == outs_y - 1 ? 2 : 1;
      s.go(0, true, results);
    }
    if (l.shortcut && pass == 0) {  // the same again, with its own result as the shortcut
      s.set(0, 0);
      s.set(9, bank << 11 | result_at);
      s.set(10, bank << 11 | result_at);
      filled = 0;
      s.set(5, (first_line + (l.pad > 0 ? 0 : 0) + (l.height + 2 * l.pad) * pitch) & 255);
      s.wait();
      s.set(3, (first_line + (l.height + 2 * l.pad) * pitch) & 255);
      if (l.pad > 0) {
        s.set(2, (l.pad * l.groups - 1) << 4 | 0);
        s.go(2, false);
        s.set(2, (l.width * l.groups - 1) << 4 | (l.pad * l.groups));
      }
    }
  }
  s.end();
  if (needs * pitch > 200) return 0;

  // Plain loops.
  const auto sum = [&](int x, int y, int m) {
    std::int64_t total = 0;
    for (int d = 0; d < l.digits; ++d) {
      total *= 2;
      for (int ky = 0; ky < l.kernel; ++ky) {
        for (int kx = 0; kx < l.kernel; ++kx) {
          const int iy = y * l.stride + ky - l.pad, ix = x * l.stride + kx - l.pad;
          if (iy < 0 || ix < 0 || iy >= l.height || ix >= l.width) continue;
          for (int g = 0; g < l.groups; ++g) {
            for (int k = 0; k < kK; ++k) {
              const int a = input[static_cast<std::size_t>(((iy * l.width + ix) * l.groups + g) * kK + k)];
              total += bit(d, (ky * l.kernel + kx) * l.groups + g, m, k) ? a : -a;
            }
          }
        }
      }
    }
    return total;
  };
  const auto requantise = [&](std::int64_t total, int m, int r) {
    std::int64_t t = (total + bias[m]) & ((1 << kAccWidth) - 1);
    if (t >= 1 << (kAccWidth - 1)) t -= 1 << kAccWidth;
    const double exact = (static_cast<double>(t) * multiplier[m] + static_cast<double>(r) * scale * 256 + 32768) / 65536;
    const double v = std::floor(exact);
    if (l.logits) return static_cast<int>(std::clamp(v, -32768.0, 32767.0));
    if (l.projection) return static_cast<int>(std::clamp(v, -activation_max - 1.0, static_cast<double>(activation_max)));
    return static_cast<int>(std::clamp(v, 0.0, static_cast<double>(activation_max)));
  };
  std::vector<StreamBench::Write> expected;
  std::vector<int> old(static_cast<std::size_t>(outs_x * outs_y * 16));
  for (int pass = 0; pass < (l.shortcut ? 2 : 1); ++pass) {
    int address = result_at * 8;
    const auto put = [&](const std::vector<int>& value) {
      for (int h = 0; h < (l.logits ? 16 : 8); ++h) {
        const int word = l.logits ? value[h] & 0xFFFF : (value[2 * h] & 0xFF) | (value[2 * h + 1] & 0xFF) << 8;
        expected.push_back({bank, address + h, static_cast<std::uint16_t>(word)});
      }
    };
    if (l.average) {
      std::vector<int> value(16);
      for (int m = 0; m < 16; ++m) {
        std::int64_t total = 0;
        for (int y = 0; y < outs_y; ++y) {
          for (int x = 0; x < outs_x; ++x) total += sum(x, y, m);
        }
        value[m] = requantise(total, m, 0);
      }
      put(value);
      continue;
    }
    for (int y = 0; y < outs_y; ++y) {
      for (int x = 0; x < outs_x; ++x) {
        std::vector<int> value(16), greatest(16, 0);
        for (int place = 0; place < window * window; ++place) {
          for (int m = 0; m < 16; ++m) {
            int r = pass == 1 ? old[static_cast<std::size_t>((y * outs_x + x) * 16 + m)] : 0;
            if (pass == 1 && l.shortcut && bank == 0 && r > 127) r -= 256;
            value[m] = requantise(sum(x * window + place % window, y * window + place / window, m), m, r);
            greatest[m] = std::max(greatest[m], value[m]);
          }
          if (l.pool) {
            put(greatest);
          } else {
            put(value);
            if (pass == 0) {
              for (int m = 0; m < 16; ++m) old[static_cast<std::size_t>((y * outs_x + x) * 16 + m)] = value[m];
            }
          }
        }
        address += (l.logits ? 2 : 1) * 8;
      }
    }
  }

  // Run. The first pass of a shortcut adds what stands in the bank: its halfwords are not compared, but give `old`.
  StreamBench bench;
  std::vector<std::uint16_t> halfwords;
  for (std::size_t i = 0; i < input.size(); i += 2) halfwords.push_back(static_cast<std::uint16_t>(input[i] | input[i + 1] << 8));
  const bool upper = draw(0, 1) == 1;
  bench.write(3, upper ? 8192 : 0, halfwords);
  const int begin = draw(0, 100);
  bench.write(2, begin, s.words);
  bench.run(begin, upper);
  if (bench.error() != 0) return -bench.error();
  int wrong = bench.writes.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(expected.size(), bench.writes.size()); ++i) {
    if (!(bench.writes[i] == expected[i])) {
      if (wrong == 0 && flip < 0) {
        std::cout << "write " << i << " of " << expected.size() << ": bank " << bench.writes[i].bank << " address "
                  << bench.writes[i].address << " is " << bench.writes[i].data << ", expected bank " << expected[i].bank << " address "
                  << expected[i].address << " " << expected[i].data << '\n';
      }
      ++wrong;
    }
  }
  return wrong;
}

TEST_F(StreamEngine, RandomLayersAgreeWithPlainLoops) {
  for (int i = 0; i < 1000; ++i) {
    const Layer l = random_layer();
    ASSERT_EQ(differences(l), 0) << "layer " << i << ": " << l.width << "x" << l.height << " groups " << l.groups << " kernel " << l.kernel
                                 << " stride " << l.stride << " pad " << l.pad << " digits " << l.digits << " n " << l.n << " shortcut "
                                 << l.shortcut << " pool " << l.pool << " logits " << l.logits << " average " << l.average << " projection "
                                 << l.projection;
  }
}

TEST_F(StreamEngine, FlippedStoredBitIsSeen) {
  int seen = 0, tried = 0;
  for (int i = 0; i < 40; ++i) {
    Layer l = random_layer();
    l.average = l.pool = l.shortcut = false;
    l.logits = true;
    if (l.kernel * l.kernel * l.groups * l.digits > 256) continue;
    ++tried;
    seen += differences(l, draw(0, 31)) > 0 ? 1 : 0;
  }
  // A column of M may be 0, a multiplier too small: most are seen, and none is an error of the stream.
  EXPECT_GT(seen, tried * 3 / 4);
}

/// The smallest job: a table, a row of zeros computed with what stands in the cache.
Assembler small_job() {
  Assembler s;
  s.copy(0, 0, 2, {1024, 512 | 2048});
  s.set(2, 0);
  s.set(3, 0);
  s.set(4, 0);
  s.set(5, 0);
  s.set(7, 0);
  s.go(2, false);
  s.go(0, true);
  s.wait();
  return s;
}

TEST_F(StreamEngine, ErrorsAreNamed) {
  StreamBench bench;
  Assembler good = small_job();
  good.end();
  bench.write(2, 0, good.words);
  bench.run(0);
  EXPECT_EQ(bench.error(), 0);
  EXPECT_EQ(bench.writes.size(), 8U);

  Assembler illegal = small_job();
  illegal.set(15, 5 << 9);
  bench.write(2, 0, illegal.words);
  bench.run(0);
  EXPECT_EQ(bench.error(), 1);

  bench.write(2, 16384 - static_cast<int>(small_job().words.size()), small_job().words);  // no END
  bench.run(16384 - static_cast<int>(small_job().words.size()));
  EXPECT_EQ(bench.error(), 2);

  Assembler endless = small_job();  // a table without an end
  endless.words[2] = 0;
  endless.end();
  bench.write(2, 0, endless.words);
  bench.run(0);
  EXPECT_EQ(bench.error(), 3);

  bench.abort_after(5);
  bench.write(2, 0, good.words);
  bench.run(0);
  EXPECT_EQ(bench.error(), 5);
  bench.abort_after(0);
  bench.run(0);
  EXPECT_EQ(bench.error(), 0);  // the next job is right
  EXPECT_EQ(bench.writes.size(), 8U);
}

TEST_F(StreamEngine, RandomStreamsEnd) {
  StreamBench bench;
  int codes[8] = {};
  const char* asked = std::getenv("FLEXOR_STREAMS");
  for (int i = 0, count = asked != nullptr ? std::atoi(asked) : 300; i < count; ++i) {
    Assembler s = small_job();
    const int length = draw(1, 40);
    for (int w = 0; w < length; ++w)
      s.words.insert(s.words.begin() + draw(0, static_cast<int>(s.words.size())), static_cast<std::uint16_t>(random_()));
    s.end();
    bench.write(2, 0, s.words);
    ASSERT_NO_THROW(bench.run(0, false, 70'000)) << "stream " << i;
    ++codes[bench.error()];
  }
  std::cout << "done " << codes[0] << ", illegal " << codes[1] << ", past the end " << codes[2] << ", time-out " << codes[3] << '\n';
  EXPECT_GT(codes[0], 0);
  EXPECT_GT(codes[1], 0);
}

}  // namespace
}  // namespace flexor::testbench
