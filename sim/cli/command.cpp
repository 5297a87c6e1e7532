// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <thread>

#include "code/error.hpp"
#include "data/image_folder.hpp"
#include "interrupt.hpp"
#include "network/atomic_file.hpp"
#include "origin.hpp"

extern char** environ;

namespace flexor {

namespace {

// Reads all of a word as a number in low..high; what is wrong with it, or nothing.
template <typename Number>
std::string wrong_number(const std::string& word, Number low, Number high) {
  Number value{};
  const char* first = word.data() + (word.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(first, word.data() + word.size(), value);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  if (whole && value >= low && value <= high) return {};  // false of a NaN
  return fmt::format("Value {} not in range {} to {}", word, low, high);
}

template <typename Number>
CLI::Validator range_of(Number low, Number high) {
  return {[low, high](std::string& word) { return wrong_number(word, low, high); }, fmt::format("{}..{}", low, high), "range"};
}

// Where names of classes differ, or nothing.
std::string different_class(const std::vector<std::string>& model, const std::vector<std::string>& data) {
  if (model.empty() || data.empty()) return {};
  if (model.size() != data.size()) return fmt::format("the model knows {} classes, the data has {}", model.size(), data.size());
  for (std::size_t c = 0; c < model.size(); ++c) {
    if (model[c] != data[c]) return fmt::format("class {} of the model is '{}', that of the data '{}'", c, model[c], data[c]);
  }
  return {};
}

// The labels mean to the model what they mean in the data.
void check_classes(const Network& network, const Dataset& data) {
  if (const std::string what = different_class(network.classes, data.classes); !what.empty()) {
    throw InputError(
        fmt::format("{} ({}): its labels would be of other classes; give the data that the model was trained on", what, data.name));
  }
  const int most = data.labels.empty() ? 0 : *std::max_element(data.labels.begin(), data.labels.end());
  if (const int logits = network.layers.back().output.size(); most >= logits) {
    throw InputError(fmt::format("the model tells {} classes apart, {} has the label {}; give the data that the model was trained on",
                                 logits, data.name, most));
  }
}

}  // namespace

CLI::Validator between(std::int64_t low, std::int64_t high) { return range_of(low, high); }
CLI::Validator between(double low, double high) { return range_of(low, high); }

void check_files(const std::vector<std::filesystem::path>& read, const std::vector<std::filesystem::path>& written) {
  std::error_code ignored;
  const auto same = [&ignored](const std::filesystem::path& a, const std::filesystem::path& b) {
    if (a.empty() || b.empty()) return false;
    if (std::filesystem::exists(a, ignored) && !std::filesystem::is_regular_file(a, ignored)) return false;  // a device
    return std::filesystem::weakly_canonical(a, ignored) == std::filesystem::weakly_canonical(b, ignored) ||
           std::filesystem::equivalent(a, b, ignored);
  };
  for (std::size_t i = 0; i < written.size(); ++i) {
    for (const auto& input : read) {
      if (same(written[i], input))
        throw InputError(
            fmt::format("'{}' is read by this command and would be overwritten; choose another file to write", written[i].string()));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (same(written[i], written[j])) throw InputError(fmt::format("'{}' would be written twice; choose two files", written[i].string()));
    }
  }
}

MemoryImage compile_for(const Network& network, const EngineParameters& engine, int batch) {
  try {
    return compile(network, engine, batch);
  } catch (const InputError& error) {
    std::string others;
    for (const auto& other : kConfigurations) {
      try {
        if (other.name == engine.name) continue;
        (void)compile(network, other, batch);
        others += fmt::format("{}{}", others.empty() ? "" : ", ", other.name);
      } catch (const InputError&) {  // nor does that one
      }
    }
    const std::string why = error.what();
    if (!others.empty()) throw InputError(fmt::format("{}; these configurations run it: {}", why, others));
    const bool advised = why.find("flexor eval") != std::string::npos;
    throw InputError(why + (advised ? "" : "; no configuration runs it, but flexor eval does"));
  }
}

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
  command.add_option("--images", flags.images, images_help)->type_name("N")->check(between(1, 1 << 30));
}

Dataset load_data(const DataFlags& flags, const Context& context, const Network& network, int otherwise) {
  const std::string& own = network.provenance.data_name;
  const std::string name = own == "cifar10" ? "cifar10" : "mnist";
  const bool shipped = flags.folder.empty(), sample = std::filesystem::is_regular_file(flags.folder);
  const bool other = own != "cifar10" && own != "mnist" && (is_image_folder(own, flags.folder) || is_idx_folder(own, flags.folder));
  Dataset data = shipped  ? load_sample(context.root / "model/data/sample" / (name + "-test-100.flxd"))
                 : sample ? load_sample(flags.folder)
                          : load_dataset(other ? own : name, flags.folder, false, network.input);
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
  check_classes(network, data);
  for (const std::string& note : data.notes) fmt::print(stderr, "flexor: {}\n", note);
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
      ->check(between(1, 1024));
  command.add_option("--stall", flags.stall, "probability of a random stall on every handshake of the bus, in every cycle; without it 0")
      ->type_name("P")
      ->check(between(0.0, 0.95));
  command.add_option("--latency", flags.latency, "cycles from an address to external memory's first beat, for engines that have it")
      ->capture_default_str()
      ->type_name("N")
      ->check(between(1, 30000));
  command.add_option("--seed", flags.seed, "of the random stalls; without it 0")
      ->type_name("N")
      ->check(between(std::int64_t{0}, kLargestSeed));
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
  command.add_option("--threads", threads, "threads; without it all cores")->type_name("N")->check(between(1, 256));
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
