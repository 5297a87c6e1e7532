// SPDX-License-Identifier: Apache-2.0
#include "stream/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "code/error.hpp"
#include "code/integer.hpp"
#include "stream/checks.hpp"
#include "stream/geometry.hpp"
#include "stream/layer_work.hpp"
#include "stream/ring.hpp"

namespace flexor::stream {
namespace {

using Columns = std::vector<std::uint32_t>;
using Microcode = std::vector<std::uint16_t>;

constexpr int kBlock = 32;  // columns of a code

std::uint16_t low_half(std::int64_t value) { return static_cast<std::uint16_t>(value & 0xFFFF); }

class Assembly {
 public:
  Assembly(const Network& network, const Placement& placement, const Choices& choices, const Parameters& parameters)
      : network_(network),
        placement_(placement),
        choices_(choices),
        parameters_(parameters),
        entries_(parameters.Entries, 1),
        columns_(parameters.Columns, kBlock),
        written_by_(network.layers.size()) {
    plan_.codes = network.codes;
    plan_.codes.push_back(pooling_code(parameters));
  }

  Plan finish() {
    for (std::size_t l = 0; l < network_.layers.size(); ++l) add_layer(l);
    return std::move(plan_);
  }

 private:
  [[nodiscard]] int next_compute() const { return static_cast<int>(plan_.computes.size()); }

  void add_layer(std::size_t l) {
    const LayerWork work(network_, l, placement_, parameters_);
    const Layer& layer = network_.layers[l];
    written_by_[l].assign(static_cast<std::size_t>(work.g.result_rows()), 0);
    LayerReport report;
    report.name = layer.name;
    report.output = placement_.outputs[l];
    report.macs = layer.macs() * std::max<std::int64_t>(1, static_cast<std::int64_t>(layer.planes.size()));
    report.ideal_cycles = static_cast<double>(report.macs) / (parameters_.K * parameters_.M);
    report.entries = work.entries_of_a_pixel();
    report.m_tiles = work.m_tiles;
    report.first_compute = next_compute();
    add_passes(work);
    report.computes = next_compute() - report.first_compute;
    plan_.layers.push_back(std::move(report));
  }

  // Rows of results that go before the next m-tile; 0: all, and their input again for every m-tile.
  [[nodiscard]] int band(const LayerWork& work) const {
    if (work.resident) return work.g.result_rows();
    return work.m_tiles == 1 || work.g.summed ? 0 : choices_[static_cast<std::size_t>(work.index)].band;
  }

  void add_passes(const LayerWork& work) {
    tiles_.clear();
    const int rows = work.g.result_rows();
    const int band = this->band(work);
    if (band > 0) rows_at_ = add_fills(work);
    for (int first = 0; first<rows; first += band> 0 ? band : rows) {
      for (int m_tile = 0; m_tile < work.m_tiles; ++m_tile) {
        if (first == 0) load_tile(work, m_tile);
        if (band == 0) rows_at_ = add_fills(work);
        add_pass(work, m_tile, first, std::min(rows, band > 0 ? first + band : rows));
      }
    }
  }

  // Weights and parameters of an m-tile.
  void load_tile(const LayerWork& work, int m_tile) {
    const TileWeights weights = work.weights(m_tile, static_cast<int>(plan_.codes.size()) - 1);
    Tile tile;
    tile.weights = work.layer.kind == LayerKind::Pool && m_tile > 0 ? tiles_.front().weights : add_weights(work, weights);
    tile.parameters = add_parameters(work, m_tile, weights);
    tiles_.push_back(tile);
  }

  // Rows first .. end - 1 of an m-tile.
  void add_pass(const LayerWork& work, int m_tile, int first, int end) {
    const Tile& tile = tiles_[static_cast<std::size_t>(m_tile)];
    Pass pass = work.pass(m_tile);
    pass.parameters = tile.parameters;
    if (!pass.adds()) pass.addend_bank = choices_[static_cast<std::size_t>(work.index)].idle_bank;
    pass.steps.parameters = static_cast<int>(pass.parameters / parameters_.M % (parameters_.Channels / parameters_.M));
    plan_.passes.push_back(pass);
    weight_ = tile.weights;
    work.g.summed ? add_sums(work, m_tile) : add_rows(work, m_tile, first, end);
  }

  Address add_weights(const LayerWork& work, const TileWeights& weights) {
    const Address first = weight_head_;
    for (const WeightRun& run : weights.runs) {
      const Code& code = plan_.codes[static_cast<std::size_t>(run.code)];
      Load load;
      load.what = Load::What::Weights;
      load.before = next_compute();
      load.from = weight_head_;
      weight_head_ += static_cast<Address>(run.slices.size()) / parameters_.word_slices();
      load.to = weight_head_;
      load.code = {code.n_in, static_cast<int>(add_columns(code, work.index) % parameters_.Columns / kBlock)};
      load.slices = run.slices;
      load.layer = work.index;
      plan_.loads.push_back(std::move(load));
    }
    return first;
  }

  void add_table(Load::What what, Address from, int length, std::vector<std::uint16_t> data, int layer) {
    Load load;
    load.what = what;
    load.before = next_compute();
    load.from = from;
    load.to = from + length;
    load.data = std::move(data);
    load.layer = layer;
    plan_.loads.push_back(std::move(load));
  }

  Address add_columns(const Code& code, int layer) {
    Columns columns;
    for (int j = 0; j < code.n_in; ++j) columns.push_back(code.column(j));
    if (const auto found = columns_.find(columns)) return *found;
    std::vector<std::uint16_t> data;
    for (const std::uint32_t column : columns) data.insert(data.end(), {low_half(column), low_half(column >> 16)});
    const Address at = columns_.add(columns, code.n_in);
    add_table(Load::What::Columns, at, code.n_in, std::move(data), layer);
    return at;
  }

  Address add_entries(const Microcode& table, int layer) {
    if (const auto found = entries_.find(table)) return *found;
    const Address at = entries_.add(table, static_cast<int>(table.size()));
    add_table(Load::What::Microcode, at, static_cast<int>(table.size()), table, layer);
    return at;
  }

  Address add_parameters(const LayerWork& work, int m_tile, const TileWeights& weights) {
    const std::vector<std::int64_t> constants = work.constants(plan_.codes, weights);
    std::vector<std::uint16_t> data;
    for (int i = 0; i < parameters_.M; ++i) {
      const auto m = static_cast<std::size_t>(m_tile * parameters_.M + i);
      const bool exists = m < work.layer.bias.size();
      const std::int64_t offset = exists ? work.layer.bias[m] - constants[static_cast<std::size_t>(i)] : 0;
      const std::int64_t held = offset & ((std::int64_t{1} << parameters_.AccWidth) - 1);
      data.insert(data.end(), {static_cast<std::uint16_t>(exists ? work.layer.multiplier[m] : 0), low_half(held), low_half(held >> 16)});
    }
    const Address at = parameter_head_;
    parameter_head_ += parameters_.M;
    add_table(Load::What::Parameters, at, parameters_.M, std::move(data), work.index);
    return at;
  }

  // The computation that writes row `row` of a tensor; -1: the host did.
  [[nodiscard]] int writer(int source, int row) const {
    return source < 0 ? -1 : written_by_[static_cast<std::size_t>(source)][static_cast<std::size_t>(row)];
  }

  // Fills of one walk over the input. Returns the line buffer address of the front; fill_of_slot_ then holds how many fills a slot needs.
  Address add_fills(const LayerWork& work) {
    const Address front = line_head_;
    int zeros = work.lines.front;
    fill_of_slot_.clear();
    const auto flush = [&] {
      for (; zeros > 0; zeros -= std::min(zeros, parameters_.LineWords)) {
        Fill fill;
        fill.zeros = true;
        fill.words = std::min(zeros, parameters_.LineWords);
        fill.line = line_head_;
        line_head_ += fill.words;
        plan_.fills.push_back(fill);
      }
    };
    bool begun = false;
    for (const int row : work.lines.slots) {
      if (row < 0 || row >= work.g.rows) {
        zeros += work.lines.pitch();
        if (begun) flush();
        fill_of_slot_.push_back(begun ? static_cast<int>(plan_.fills.size()) : kWithNext);
        continue;
      }
      flush();
      Fill fill = work.row(row);
      fill.line = line_head_;
      fill.after = writer(work.source, row);
      line_head_ += fill.length();
      if (!begun) std::replace(fill_of_slot_.begin(), fill_of_slot_.end(), kWithNext, static_cast<int>(plan_.fills.size()));
      begun = true;
      plan_.fills.push_back(fill);
      fill_of_slot_.push_back(static_cast<int>(plan_.fills.size()));
    }
    flush();
    std::replace(fill_of_slot_.begin(), fill_of_slot_.end(), kWithNext, static_cast<int>(plan_.fills.size()));
    return front;
  }

  // `low`: the lowest word that is still read when the computation's last fill comes.
  void check_lines(const LayerWork& work, const Compute& compute, Address low) const {
    const Fill& last = plan_.fills[static_cast<std::size_t>(compute.fills) - 1];
    const Address words = last.line + last.length() - low;
    if (words <= parameters_.LineWords) return;
    throw InputError(fmt::format(
        "layer '{}' keeps {} words of 16 channels for one row of its output, but the line buffer of engine '{}' holds {}; give it fewer "
        "channels, smaller rows or a smaller kernel",
        work.layer.name, words, parameters_.name, parameters_.LineWords));
  }

  // Left end of the window of row y of the results.
  [[nodiscard]] Address window(const LayerWork& work, int y) const {
    return rows_at_ + work.lines.word(y * work.lines.advance) - work.g.padding.left * work.g.groups;
  }

  void add_rows(const LayerWork& work, int m_tile, int begin, int end) {
    const Address entry = add_entries(work.table(false), work.index);
    for (int y = begin; y < end; ++y) {
      Compute c = work.compute(m_tile, y);
      c.pass = static_cast<int>(plan_.passes.size()) - 1;
      c.line_low = window(work, y);
      c.base = c.line_low + work.first_word(m_tile);
      c.entry = entry;
      c.weight = weight_;
      c.fills = fill_of_slot_[static_cast<std::size_t>(y * work.lines.advance + work.lines.span - 1)];
      written_by_[static_cast<std::size_t>(work.index)][static_cast<std::size_t>(y)] = next_compute();
      check_lines(work, c, window(work, work.m_tiles > 1 && band(work) > 0 ? begin : y));
      plan_.computes.push_back(c);
      work.add_results(m_tile, y, plan_.results);
    }
  }

  // One pixel of sums: digit after digit, row after row. The rows of the first digit come one by one, so that their fills overlap.
  void add_sums(const LayerWork& work, int m_tile) {
    const Address entry = add_entries(work.table(false), work.index);
    const int digits = work.sum_digits();
    const Address twice = digits > 1 ? add_entries(work.table(true), work.index) : entry;
    const int per_row = work.lines.pitch() / work.sum_step();
    for (int digit = 0; digit < digits; ++digit) {
      if (digit > 0 && !work.resident) rows_at_ = add_fills(work);
      const bool fresh = !work.resident || (m_tile == 0 && digit == 0);
      const bool one_by_one = fresh || work.g.rows * per_row > kMostRuns;
      const int steps = one_by_one ? work.g.rows : 1;
      for (int i = 0; i < steps; ++i) {
        Compute c = work.compute(m_tile, 0);
        c.pass = static_cast<int>(plan_.passes.size()) - 1;
        c.results = ResultKind::None;
        c.step = work.sum_step();
        c.line_low = rows_at_ + work.lines.word(i);
        c.base = c.line_low + work.first_word(m_tile);
        c.entry = entry;
        c.weight = weight_ + static_cast<Address>(digit) * work.entries_of_a_pixel();
        c.fills = fill_of_slot_[static_cast<std::size_t>(one_by_one ? i : work.g.rows - 1)];
        c.runs = one_by_one ? per_row : work.g.rows * per_row;
        add_sum(work, c, digit > 0 && i == 0 ? twice : entry, digit + 1 == digits && i + 1 == steps);
      }
    }
    written_by_[static_cast<std::size_t>(work.index)][0] = next_compute() - 1;
    work.add_results(m_tile, 0, plan_.results);
  }

  // A row of sums whose first run has a table of its own.
  void add_sum(const LayerWork& work, Compute c, Address first_entry, bool last) {
    const int entries = work.entries_of_a_pixel();
    if (first_entry != c.entry) {
      Compute first = c;
      first.entry = first_entry;
      first.runs = 1;
      first.cycles = entries;
      if (c.runs == 1 && last) first.results = ResultKind::Last;
      finish_sum(work, first);
      if (c.runs == 1) return;
      c.runs -= 1;
      c.base += c.step;
    }
    if (last) c.results = ResultKind::Last;
    c.cycles = c.runs * entries;
    finish_sum(work, c);
  }

  void finish_sum(const LayerWork& work, Compute c) {
    c.written = c.advances = c.results == ResultKind::Last ? 1 : 0;
    if (c.runs == 1) c.step = 0;
    check_lines(work, c, c.line_low);
    plan_.computes.push_back(c);
  }

  static constexpr int kMostRuns = 256;
  static constexpr int kWithNext = -1;  // a slot of zeros that comes with those before the first row

  const Network& network_;
  const Placement& placement_;
  const Choices& choices_;
  const Parameters& parameters_;
  Plan plan_;
  Ring<Microcode> entries_;
  Ring<Columns> columns_;
  Address line_head_ = 0, weight_head_ = 0, parameter_head_ = 0;
  struct Tile {
    Address weights = 0, parameters = 0;
  };
  std::vector<Tile> tiles_;                   // of the layer
  Address weight_ = 0;                        // of the pass
  Address rows_at_ = 0;                       // front of its rows in the line buffer
  std::vector<int> fill_of_slot_;             // fills that a slot needs
  std::vector<std::vector<int>> written_by_;  // per layer and row of its output
};

}  // namespace

std::vector<int> possible_bands(const Network& network, std::size_t l, const Placement& placement, const Parameters& parameters) {
  const LayerWork work(network, l, placement, parameters);
  if (work.m_tiles == 1 || work.resident || work.g.summed) return {};
  std::vector<int> bands{0};
  const int tiles = work.layer.kind == LayerKind::Pool ? 1 : work.m_tiles;
  if (tiles * work.entries_of_a_pixel() > parameters.WeightWords || work.m_tiles * parameters.M > parameters.Channels) return bands;
  for (int rows = 1; rows < work.g.result_rows(); ++rows) {
    const int slots = work.lines.span + (rows - 1) * work.lines.advance;
    if (work.lines.front + slots * work.lines.pitch() > parameters.LineWords) break;
    bands.push_back(rows);
  }
  return bands;
}

Plan plan(const Network& network, const Placement& placement, const Choices& choices, const Parameters& parameters) {
  check_network(network, parameters);
  return Assembly(network, placement, choices, parameters).finish();
}

}  // namespace flexor::stream
