// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "stored_bits.hpp"
#include "table.hpp"

namespace flexor {

namespace {

struct InspectFlags {
  std::filesystem::path model, json;
};

std::string shape_text(const Shape& s) { return fmt::format("{}x{}x{}", s.height, s.width, s.channels); }

std::string kind_text(const Layer& layer) {
  const char* digits = layer.digits ? " digits" : "";
  if (layer.kind == LayerKind::Dense) {
    return fmt::format("dense{}{}", layer.global_average ? " average" : "", digits);
  }
  if (layer.kind == LayerKind::Pool) {
    return fmt::format("{} {}x{}/{}", layer.average ? "average" : "maximum", layer.kernel_height, layer.kernel_width, layer.stride);
  }
  const std::string dilation = layer.dilation > 1 ? fmt::format(" dilation {}", layer.dilation) : "";
  return fmt::format("conv {}x{}/{}{}{}{}{}", layer.kernel_height, layer.kernel_width, layer.stride, dilation,
                     layer.max_pool ? " pool" : "", layer.projection ? " projection" : "", digits);
}

std::string source_text(const Network& network, int source) {
  return source < 0 ? "pixels" : network.layers[static_cast<std::size_t>(source)].name;
}

// Stored bits per weight, all digits together.
double rate_of(const Network& network, const Layer& layer) {
  double rate = 0;
  for (const auto& plane : layer.planes) {
    const Code& code = network.codes[static_cast<std::size_t>(plane.code)];
    rate += static_cast<double>(code.n_in) / code.n_out;
  }
  return rate;
}

// What a layer reads and adds, where that is not just the layer before.
std::string input_text(const Network& network, std::size_t l) {
  const Layer& layer = network.layers[l];
  std::string text = shape_text(layer.input);
  if (network.source(l) != static_cast<int>(l) - 1) {
    text += " of " + source_text(network, network.source(l));
  }
  if (layer.shortcut) {
    text += fmt::format(" + {:.2f} {}", layer.shortcut->multiplier / 256.0, source_text(network, layer.shortcut->source));
  }
  return text;
}

nlohmann::ordered_json describe(const Network& network, std::size_t l) {
  const Layer& layer = network.layers[l];
  nlohmann::ordered_json shortcut;
  if (layer.shortcut) {
    shortcut = {{"source", source_text(network, layer.shortcut->source)},
                {"stride", layer.shortcut->stride},
                {"channel_offset", layer.shortcut->channel_offset},
                {"multiplier", layer.shortcut->multiplier}};
  }
  nlohmann::ordered_json code{{"name", ""}, {"n_in", 0}, {"n_out", 0}, {"taps", 0}, {"rank", 0}};  // a pooling layer has none
  if (!layer.planes.empty()) {
    const Code& c = network.codes[static_cast<std::size_t>(layer.planes[0].code)];
    code = {{"name", c.name}, {"n_in", c.n_in}, {"n_out", c.n_out}, {"taps", c.max_taps()}, {"rank", c.rank()}};
  }
  return {{"name", layer.name},
          {"kind", kind_text(layer)},
          {"input", shape_text(layer.input)},
          {"output", shape_text(layer.output)},
          {"source", source_text(network, network.source(l))},
          {"shortcut", shortcut},
          {"rate", rate_of(network, layer)},
          {"q", layer.planes.size()},
          {"weights", layer.weights()},
          {"stored_bits", stored_bits(network, layer)},
          {"macs", layer.macs()},
          {"activation_max", layer.activation_max},
          {"code", std::move(code)}};
}

void inspect(const InspectFlags& flags, const Context& context) {
  const Network network = load_network(flags.model);
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  Table table({"layer", "kind", "input", "output", "weights", "rate", "q", "stored bits", "MACs", "code", "taps", "rank"});
  std::int64_t weights = 0, bits = 0, macs = 0;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    auto row = describe(network, l);
    weights += layer.weights();
    bits += row["stored_bits"].get<std::int64_t>();
    macs += layer.macs();
    table.add({layer.name, row["kind"], input_text(network, l), row["output"], grouped(layer.weights()),
               fmt::format("{:.2f}", row["rate"].get<double>()), fmt::format("{}", layer.planes.size()),
               grouped(row["stored_bits"].get<std::int64_t>()), grouped(layer.macs()), row["code"]["name"],
               fmt::format("{}", row["code"]["taps"].get<int>()), fmt::format("{}", row["code"]["rank"].get<int>())});
    layers.push_back(std::move(row));
  }
  const double rate = weights == 0 ? 0 : static_cast<double>(bits) / static_cast<double>(weights);
  table.add({"whole", "", shape_text(network.input), "", grouped(weights), fmt::format("{:.2f}", rate), "", grouped(bits), grouped(macs)});
  const Provenance& from = network.provenance;
  const std::string slice_text = fmt::format("{}x{}", network.slice.inputs, network.slice.channels);
  fmt::print("{}\n{}\n", network.name, table.text());
  fmt::print("slices         {} (inputs x channels)\n", slice_text);
  fmt::print("command        {}\ntool version   {}\nseed           {}\ndata           {}\ndata SHA-256   {}\nepochs         {}\n",
             from.command, from.tool_version, from.seed, from.data_name, from.data_checksum, from.epochs);
  fmt::print("accuracy       {:.2f} % (integer model), {:.2f} % (trainer)\n", from.accuracy, from.float_accuracy);
  write_json(flags.json, context,
             {{"name", network.name},
              {"input", shape_text(network.input)},
              {"slice", slice_text},
              {"weights", weights},
              {"stored_bits", bits},
              {"bits_per_weight", rate},
              {"macs", macs},
              {"layers", std::move(layers)},
              {"provenance",
               {{"command", from.command},
                {"tool_version", from.tool_version},
                {"seed", from.seed},
                {"data_name", from.data_name},
                {"data_checksum", from.data_checksum},
                {"epochs", from.epochs},
                {"accuracy", from.accuracy},
                {"float_accuracy", from.float_accuracy}}}});
}

}  // namespace

void add_inspect(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<InspectFlags>();
  CLI::App* command = add_command(app, "inspect", "Print what a model file holds: layers, rates, codes, provenance.",
                                  "flexor inspect model/zoo/lenet5-small-0.4/model.flexor");
  command->add_option("model", flags->model, "model file")->required()->type_name("MODEL");
  add_json(*command, flags->json);
  command->callback([flags, &context] { inspect(*flags, context); });
}

}  // namespace flexor
