// SPDX-License-Identifier: Apache-2.0
#include "utilisation.hpp"

#include <fmt/format.h>

#include "table.hpp"

namespace flexor {

namespace {
std::string count(std::uint64_t value) { return grouped(static_cast<long long>(value)); }

std::uint64_t of(const LayerUse& layer, Stage stage) { return layer.cycles.stage[static_cast<std::size_t>(stage)]; }

std::vector<std::string> row(const LayerUse& layer, std::uint64_t cycles) {
  return {layer.name,
          grouped(layer.macs),
          count(cycles),
          grouped(layer.predicted_cycles),
          count(of(layer, Stage::Compute)),
          count(of(layer, Stage::WeightStall)),
          count(of(layer, Stage::DrainStall)),
          count(of(layer, Stage::TransferStall)),
          count(of(layer, Stage::Other)),
          fmt::format("{:.0f}", layer.ideal_cycles),
          fmt::format("{:.1f} %", 100 * utilisation(layer.ideal_cycles, cycles))};
}

// In per cent of all cycles: MACs, lanes or channels of the array without one, then what the array waited for.
std::string where_cycles_go(const LayerUse& whole, std::uint64_t cycles) {
  const auto share = [cycles](double part) { return cycles == 0 ? 0 : 100 * part / static_cast<double>(cycles); };
  const auto stage = [&](Stage s) { return share(static_cast<double>(of(whole, s))); };
  return fmt::format(
      "of 100 cycles: {:.2f} MACs, {:.2f} lanes and channels without one, {:.2f} weight stall, {:.2f} drain stall, {:.2f} transfer stall, "
      "{:.2f} other\n",
      share(whole.ideal_cycles), stage(Stage::Compute) - share(whole.ideal_cycles), stage(Stage::WeightStall), stage(Stage::DrainStall),
      stage(Stage::TransferStall), stage(Stage::Other));
}
}  // namespace

double utilisation(double ideal, std::uint64_t cycles) { return cycles == 0 ? 0 : ideal / static_cast<double>(cycles); }

std::string utilisation_table(const std::vector<LayerUse>& layers, std::uint64_t cycles, std::int64_t predicted) {
  Table table({"layer", "MACs", "cycles", "predicted", "compute", "weight stall", "drain stall", "transfer stall", "other", "ideal",
               "utilisation"});
  LayerUse whole{"whole", {}, 0, 0, predicted};
  for (const auto& layer : layers) {
    table.add(row(layer, layer.cycles.total()));
    whole.macs += layer.macs;
    whole.ideal_cycles += layer.ideal_cycles;
    for (std::size_t s = 0; s < std::size(whole.cycles.stage); ++s) {
      whole.cycles.stage[s] += layer.cycles.stage[s];
    }
  }
  table.add(row(whole, cycles));
  return table.text() + where_cycles_go(whole, cycles);
}

nlohmann::ordered_json utilisation_json(const LayerUse& layer) {
  return {{"name", layer.name},
          {"macs", layer.macs},
          {"cycles", layer.cycles.total()},
          {"predicted_cycles", layer.predicted_cycles},
          {"compute", of(layer, Stage::Compute)},
          {"weight_stall", of(layer, Stage::WeightStall)},
          {"drain_stall", of(layer, Stage::DrainStall)},
          {"transfer_stall", of(layer, Stage::TransferStall)},
          {"other", of(layer, Stage::Other)},
          {"ideal_cycles", layer.ideal_cycles},
          {"utilisation", utilisation(layer.ideal_cycles, layer.cycles.total())}};
}

}  // namespace flexor
