// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "code/error.hpp"
#include "data/image_folder.hpp"
#include "interrupt.hpp"
#include "network/atomic_file.hpp"
#include "origin.hpp"

extern char** environ;

namespace flexor {

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& about, const std::string& example) {
  CLI::App* command = app.add_subcommand(name, about);
  command->footer("Example:\n  " + example);
  return command;
}

void add_json(CLI::App& command, std::filesystem::path& file) {
  command.add_option("--json", file, "also write the result as JSON")->type_name("FILE");
}

void write_json(const std::filesystem::path& file, const Context& context, nlohmann::ordered_json json) {
  if (file.empty()) {
    return;
  }
  check_interrupt();
  auto all = origin(context);
  all.update(json);
  write_file(file, all.dump(2) + "\n");
}

void add_data(CLI::App& command, DataFlags& flags, const std::string& images_help) {
  command
      .add_option("--data", flags.folder,
                  "folder with the data set that the model was trained on, or a sample file of images (.flxd); without it the 100 test "
                  "images of it "
                  "that ship with flexor")
      ->type_name("PATH");
  command.add_option("--images", flags.images, images_help)->type_name("N")->check(CLI::Range(1, 1 << 30).description(""));
}

Dataset load_data(const DataFlags& flags, const Context& context, const Network& network, int otherwise) {
  const std::string name = network.provenance.data_name == "cifar10" ? "cifar10" : "mnist";
  const bool shipped = flags.folder.empty(), sample = std::filesystem::is_regular_file(flags.folder);
  const bool images = name == "mnist" && is_image_folder(network.provenance.data_name, flags.folder);
  Dataset data = shipped  ? load_sample(context.root / "model/data/sample" / (name + "-test-100.flxd"))
                 : sample ? load_sample(flags.folder)
                          : load_dataset(images ? network.provenance.data_name : name, flags.folder, false, network.input);
  if (data.shape != network.input) {
    throw InputError(fmt::format(
        "the network takes {}x{}x{} images, data set {} has {}x{}x{}; give the data that the network was trained on", network.input.height,
        network.input.width, network.input.channels, data.name, data.shape.height, data.shape.width, data.shape.channels));
  }
  if (flags.images > data.count) {
    throw InputError(fmt::format("--images asks for {} images, {} has {}; ask for fewer or give --data", flags.images,
                                 flags.folder.empty() ? "the shipped sample" : flags.folder.string(), data.count));
  }
  const int wanted = flags.images != 0 ? flags.images : otherwise != 0 ? otherwise : data.count;
  data.count = std::min(data.count, wanted);
  data.hold();
  return data;
}

void add_engine(CLI::App& command, EngineFlags& flags) {
  command.add_option("--config", flags.configuration, "engine configuration: nano, micro, tiny, slim, small, base, medium or large")
      ->capture_default_str()
      ->type_name("NAME");
  command.add_option("--batch", flags.batch, "images of one job; without it the most that fit, at most 16")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  command.add_option("--stall", flags.stall, "probability of a random stall on every handshake of the bus, in every cycle")
      ->type_name("P")
      ->check(CLI::Range(0.0, 0.95).description(""));
  command.add_option("--latency", flags.latency, "cycles from an address to external memory's first beat, for engines that have it")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 100000).description(""));
  command.add_option("--seed", flags.seed, "of the random stalls")->type_name("N");
}

void add_checkpoints(CLI::App& command, std::filesystem::path& start, std::filesystem::path& teacher) {
  command
      .add_option(
          "--start", start,
          "begin with the weights of a run with --method real or nearest, its checkpoint, of a model file, or of a folder that flexor "
          "import wrote")
      ->type_name("PATH");
  command.add_option("--teacher", teacher, "learn from the answers of a run with --method real too: its checkpoint")->type_name("FILE");
}

void add_threads(CLI::App& command, int& threads) {
  threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  command.add_option("--threads", threads, "threads; without it all cores")->type_name("N")->check(CLI::Range(1, 256).description(""));
}

int run_script(const Context& context, const std::string& script, const std::vector<std::string>& arguments) {
  const auto path = context.root / "scripts" / script;
  if (!std::filesystem::exists(path)) {
    throw InputError(fmt::format("cannot find '{}'; set FLEXOR_ROOT to the folder of the flexor repository", path.string()));
  }
  const auto own = context.root / ".venv/bin/python3";
  std::vector<std::string> words{std::filesystem::exists(own) ? own.string() : "python3", path.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  setenv("FLEXOR_PROGRAM", "flexor", 1);  // the name that its complaints begin with
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  pid_t child = 0;
  if (const int error = posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ); error != 0) {
    throw InputError(fmt::format("cannot start {}; install python3 or run scripts/setup", argv[0]));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  check_interrupt();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace flexor
