// SPDX-License-Identifier: Apache-2.0
#include "stream/weights.hpp"

#include "code/integer.hpp"

namespace flexor::stream {
namespace {

constexpr int kPoolEntries = kPoolUnit;  // a word is read four times
constexpr int kEvenLane = 256;           // constants of the array's pair terms
constexpr int kOddLane = 255;

// Whether lane `lane` of word `word` of a window is an input.
bool is_input(const Layer& layer, const Geometry& g, int word, int lane, int K) {
  if (layer.kind == LayerKind::Pool) return true;
  if (layer.stack_rows) {
    const int column = ceil_div(layer.kernel_height * layer.input.channels, 2) * 2;
    const int q = word * K + lane;
    return q < layer.kernel_width * column && q % column < layer.kernel_height * layer.input.channels;
  }
  // A dense layer's words are those of the tensor it reads.
  const bool flat = layer.kind == LayerKind::Dense && !layer.global_average;
  const int channels = flat ? layer.input.channels / (g.kernel_height * g.kernel_width) : layer.input.channels;
  return word % g.groups * K + lane < channels;
}

bool bit(std::uint32_t bits, int i) { return (bits >> i & 1U) != 0; }

}  // namespace

Code pooling_code(const Parameters& parameters) {
  const int slices = parameters.word_slices();
  Code code{"pooling", parameters.slice_weights(), 1 + slices, {}};
  for (int i = 0; i < code.n_out; ++i) {
    std::uint32_t row = 1;
    for (int s = 0; s < slices; ++s) {
      if (i % parameters.K == 2 * s + i / parameters.K) row |= 2U << s;
    }
    code.rows.push_back(row);
  }
  return code;
}

WeightRun pooling_words(int code, const Parameters& parameters) {
  WeightRun run{code, {}};
  for (int word = 0; word < kPoolEntries; ++word) {
    for (int s = 0; s < parameters.word_slices(); ++s) run.slices.push_back(word % 2 == 0 ? 1U : 2U << s);
  }
  return run;
}

TileWeights tile_weights(const Network& network, const Layer& layer, int words, int m_tile, const Parameters& parameters) {
  const int pairs = ceil_div(layer.output.channels, 2);
  TileWeights weights;
  for (auto plane = layer.planes.rbegin(); plane != layer.planes.rend(); ++plane) {
    const int n_in = network.codes[static_cast<std::size_t>(plane->code)].n_in;
    WeightRun run{plane->code, {}};
    for (int word = 0; word < words; ++word) {
      for (int s = 0; s < parameters.word_slices(); ++s) {
        const int pair = m_tile * parameters.word_slices() + s;
        run.slices.push_back(pair < pairs ? slice_bits(*plane, n_in, std::int64_t{pair} * words + word) : 0);
      }
    }
    weights.runs.push_back(std::move(run));
  }
  return weights;
}

std::vector<std::int64_t> word_constants(const Code& code, const WeightRun& run, int word, const Parameters& parameters) {
  std::vector<std::int64_t> constants(static_cast<std::size_t>(parameters.M), 0);
  for (int s = 0; s < parameters.word_slices(); ++s) {
    const std::uint32_t bits = code.decrypt(run.slices[static_cast<std::size_t>(word * parameters.word_slices() + s)]);
    for (int i = 0; i < parameters.slice_weights(); ++i) {
      const auto m = static_cast<std::size_t>(2 * s + i / parameters.K);
      if (!bit(bits, i)) constants[m] += i % 2 == 0 ? kEvenLane : kOddLane;
    }
  }
  return constants;
}

std::vector<WeightSums> weight_sums(const std::vector<Code>& codes, const Layer& layer, const Geometry& g, const TileWeights& weights,
                                    const Parameters& parameters) {
  std::vector<WeightSums> sums(static_cast<std::size_t>(parameters.M));
  const int digits = static_cast<int>(weights.runs.size());
  const int slices = parameters.word_slices();
  std::vector<std::int64_t> values(static_cast<std::size_t>(parameters.slice_weights()));
  for (int word = 0; word < g.words(); ++word) {
    for (int s = 0; s < slices; ++s) {
      std::fill(values.begin(), values.end(), 0);
      for (int d = 0; d < digits; ++d) {
        const WeightRun& run = weights.runs[static_cast<std::size_t>(d)];
        const std::uint32_t bits =
            codes[static_cast<std::size_t>(run.code)].decrypt(run.slices[static_cast<std::size_t>(word * slices + s)]);
        for (int i = 0; i < parameters.slice_weights(); ++i) {
          auto& value = values[static_cast<std::size_t>(i)];
          value = 2 * value + (bit(bits, i) ? 1 : -1);
        }
      }
      for (int i = 0; i < parameters.slice_weights(); ++i) {
        if (!is_input(layer, g, word, i % parameters.K, parameters.K)) continue;
        WeightSums& sum = sums[static_cast<std::size_t>(2 * s + i / parameters.K)];
        const std::int64_t value = values[static_cast<std::size_t>(i)];
        (value > 0 ? sum.plus : sum.minus) += value;
      }
    }
  }
  return sums;
}

}  // namespace flexor::stream
