// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "command.hpp"
#include "golden/golden.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "table.hpp"

namespace flexor {

namespace {

struct EvalFlags {
  std::filesystem::path model, json;
  DataFlags data;
  int threads = 1;
};

// Images that the golden model classifies right, on all threads; stops early when interrupted.
int count_correct(const Golden& golden, const Dataset& data, int threads) {
  Progress progress("eval", data.count);
  std::atomic<int> next = 0, correct = 0;
  const auto work = [&](bool shows) {
    for (int i = next++; i < data.count && !interrupted(); i = next++) {
      correct += golden.classify(data.image(i)) == data.labels[static_cast<std::size_t>(i)];
      if (shows) {
        progress.update(i);
      }
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) {
    others.emplace_back(work, false);
  }
  work(true);
  for (auto& thread : others) {
    thread.join();
  }
  return correct;
}

void eval(const EvalFlags& flags, const Context& context) {
  check_files({flags.model, flags.data.folder}, {flags.json});
  const Network network = load_network(flags.model);
  const Dataset data = load_data(flags.data, context, network, 0);
  const Golden golden(network);
  const auto begin = std::chrono::steady_clock::now();
  const int correct = count_correct(golden, data, flags.threads);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  check_interrupt();
  const double accuracy = 100.0 * correct / data.count;
  fmt::print("{}: {:.2f} % of {} images of {} right ({:.0f} images/s on {} thread{})\n", network.name, accuracy, grouped(data.count),
             data.name, data.count / seconds, flags.threads, flags.threads == 1 ? "" : "s");
  write_json(flags.json, context,
             {{"model", flags.model.string()},
              {"data", data.name},
              {"data_checksum", data.checksum},
              {"images", data.count},
              {"correct", correct},
              {"accuracy", accuracy},
              {"threads", flags.threads},
              {"seconds", seconds},
              {"images_per_second", data.count / seconds}});
}

}  // namespace

void add_eval(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<EvalFlags>();
  CLI::App* command = add_command(app, "eval", "Accuracy of a model through the bit-accurate golden model.",
                                  "flexor eval model/zoo/lenet5-small-0.4/model.flexor --data ~/mnist");
  command->add_option("model", flags->model, "model file")->required()->type_name("MODEL");
  add_data(*command, flags->data, "test images to run; without it all");
  add_threads(*command, flags->threads);
  add_json(*command, flags->json);
  command->callback([flags, &context] { eval(*flags, context); });
}

}  // namespace flexor
