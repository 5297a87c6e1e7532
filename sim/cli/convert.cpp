// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "golden/golden.hpp"
#include "golden/pooled_head.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "table.hpp"

namespace flexor {

namespace {

constexpr double kMargin = 1.25;  // above the largest average that was seen

struct ConvertFlags {
  std::filesystem::path model, out;
  DataFlags data;
};

double accuracy(const Network& network, const Dataset& data) {
  const Golden golden(network);
  Progress progress("convert", data.count);
  int correct = 0;
  for (int i = 0; i < data.count; ++i) {
    check_interrupt();
    correct += golden.classify(data.image(i)) == data.labels[static_cast<std::size_t>(i)] ? 1 : 0;
    progress.update(i + 1);
  }
  return 100.0 * correct / data.count;
}

void convert(const ConvertFlags& flags, const Context& context) {
  const Network network = load_network(flags.model);
  const Dataset data = load_data(flags.data, context, network, 0);
  double largest = 1;
  {
    const Golden golden(network);
    for (int i = 0; i < std::min(data.count, 500); ++i) largest = std::max(largest, largest_average(network, golden.run(data.image(i))));
  }
  Network converted = pooled_head(network, kMargin * largest);
  const double before = accuracy(network, data), after = accuracy(converted, data);
  converted.provenance.command += "; " + context.command;
  converted.provenance.accuracy = after;
  save_network(converted, flags.out);
  fmt::print("{}: largest average {:.1f}; {:.2f} % of {} images right before, {:.2f} % after; wrote {}\n", network.name, largest, before,
             grouped(data.count), after, flags.out.string());
}

}  // namespace

void add_convert(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<ConvertFlags>();
  CLI::App* command = add_command(app, "convert",
                                  "Turn a global average head into an average pooling layer and a dense layer, for engines whose "
                                  "accumulators do not hold the exact sum.",
                                  "flexor convert resnet20.flexor --data ~/cifar10 --out resnet20-micro.flexor");
  command->add_option("model", flags->model, "model file")->required()->type_name("MODEL");
  command->add_option("--out", flags->out, "model file to write")->required()->type_name("FILE");
  add_data(*command, flags->data, "test images whose accuracy is printed; without it all; the first 500 give the range of the averages");
  command->callback([flags, &context] { convert(*flags, context); });
}

}  // namespace flexor
