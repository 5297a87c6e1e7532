// SPDX-License-Identifier: Apache-2.0
#ifdef FLEXOR_IMPORT
#include "import/import.hpp"
#include "import/npy.hpp"
#include "import/reader.hpp"
#endif

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "code/error.hpp"
#include "command.hpp"
#include "network/atomic_file.hpp"
#include "table.hpp"

namespace flexor {

namespace {

struct ImportFlags {
  std::filesystem::path file, out, data, check, outputs, json;
  std::vector<double> range, mean, deviation;
  int digits = 8, images = 1000, threads = 1;
  std::uint64_t seed = 1;
  bool checks = false;
};

#ifdef FLEXOR_IMPORT

using foreign::Emitted;
using foreign::Images;
using foreign::Levels;
using foreign::Source;

constexpr int kCalibrationImages = 64;

std::string data_name(const Shape& input, const std::filesystem::path& data) {
  if (input == Shape{28, 28, 1}) return "mnist";
  if (input == Shape{32, 32, 3}) return "cifar10";
  return data.filename().string();
}

// Images to calibrate on: of a data set, or random ones.
Images calibration_images(const ImportFlags& flags, const Shape& input) {
  if (flags.data.empty()) return foreign::random_images(input, kCalibrationImages, flags.seed);
  const Dataset data = std::filesystem::is_regular_file(flags.data) ? load_sample(flags.data)
                                                                    : load_dataset(data_name(input, flags.data), flags.data, true, input);
  if (data.shape != input) {
    throw InputError(fmt::format("the network takes {}x{}x{} images, {} has {}x{}x{}; give data of that size", input.height, input.width,
                                 input.channels, data.name, data.shape.height, data.shape.width, data.shape.channels));
  }
  Images images;
  for (int i = 0; i < std::min(data.count, kCalibrationImages); ++i) images.push_back(data.read(i));
  return images;
}

foreign::Tensor read_tensor(const std::filesystem::path& file) {
  return file.extension() == ".npy" ? foreign::read_npy(file) : foreign::read_tensor_proto(file);
}

// Inputs of a file as images; says how many values lie between pixels.
Images images_of(const Source& source, const Levels& pixels, const std::filesystem::path& file) {
  const foreign::Tensor tensor = read_tensor(file);
  const auto one = static_cast<std::size_t>(source.plan.input.size());
  if (tensor.values.empty() || tensor.values.size() % one != 0) {
    throw InputError(fmt::format("'{}' holds {}, but the network takes {}; give so many inputs one behind the other", file.string(),
                                 foreign::text(tensor.sizes), foreign::text(source.graph.input_sizes)));
  }
  Images images;
  std::int64_t between = 0;
  for (std::size_t at = 0; at < tensor.values.size(); at += one) {
    if (tensor.bits == 8) {  // pixels as they are, in the file's order
      Levels as_they_are = pixels;
      std::fill(as_they_are.scale.begin(), as_they_are.scale.end(), 1);
      std::fill(as_they_are.offset.begin(), as_they_are.offset.end(), 0);
      images.push_back(foreign::to_pixels(source, as_they_are, std::span(tensor.values).subspan(at, one), between));
    } else {
      images.push_back(foreign::to_pixels(source, pixels, std::span(tensor.values).subspan(at, one), between));
    }
  }
  if (between > 0) {
    fmt::print("{} of {} input values lie between pixels: the nearest is taken, for the file too\n", between, tensor.values.size());
  }
  return images;
}

std::vector<std::vector<double>> outputs_of(const std::filesystem::path& file, std::size_t images) {
  const foreign::Tensor tensor = read_tensor(file);
  if (images == 0 || tensor.values.size() % images != 0) {
    throw InputError(fmt::format("'{}' holds {} values, which are not as many for each of {} inputs; give the outputs for the inputs of --check",
                                 file.string(), tensor.values.size(), images));
  }
  std::vector<std::vector<double>> outputs;
  const auto one = static_cast<std::ptrdiff_t>(tensor.values.size() / images);
  for (auto at = tensor.values.begin(); at != tensor.values.end(); at += one) outputs.emplace_back(at, at + one);
  return outputs;
}

nlohmann::ordered_json check(const ImportFlags& flags, const Source& source, const Levels& pixels, const Emitted& emitted) {
  const bool random = flags.check.empty();
  if (random && !flags.outputs.empty()) throw InputError("--outputs belongs to inputs; give them with --check FILE");
  const Images images = random ? foreign::random_images(source.plan.input, flags.images, flags.seed) : images_of(source, pixels, flags.check);
  const auto reference =
      flags.outputs.empty() ? foreign::reference_outputs(source, pixels, images, flags.threads) : outputs_of(flags.outputs, images.size());
  const foreign::CheckResult result = foreign::compare_outputs(emitted, images, reference, flags.threads);
  const auto share = [](std::int64_t part, std::int64_t all) { return 100.0 * static_cast<double>(part) / static_cast<double>(all); };
  fmt::print("check on {} {}{}: {} words, {:.2f} % equal, {:.2f} % off by one, worst difference {} ({:.2f} % of the outputs' range); "
             "the same class for {:.2f} %\n",
             grouped(result.images), random ? "random images, seed " : "inputs of ", random ? std::to_string(flags.seed) : flags.check.string(),
             grouped(result.words), share(result.equal, result.words), share(result.off_by_one, result.words), result.worst,
             100 * result.worst_share, share(result.same_class, result.images));
  return {{"images", result.images},   {"words", result.words},
          {"equal", result.equal},     {"off_by_one", result.off_by_one},
          {"worst", result.worst},     {"same_class", result.same_class},
          {"class_agreement", share(result.same_class, result.images)}};
}

nlohmann::ordered_json print_layers(const Source& source, const Emitted& emitted, bool random) {
  Table table({"layer", "output", "weights", "digits", "rounded", "by at most"});
  auto json = nlohmann::ordered_json::array();
  bool calibrated = false;
  for (std::size_t l = 0; l < emitted.layers.size(); ++l) {
    const auto& layer = emitted.layers[l];
    const Shape& out = emitted.network.layers[l].output;
    calibrated = calibrated || layer.calibrated;
    const bool pools = layer.digits == 0;
    table.add({layer.name, fmt::format("{}x{}x{}", out.height, out.width, out.channels), pools ? "-" : grouped(layer.weights),
               pools ? "-" : std::to_string(layer.digits), pools ? "-" : grouped(layer.rounded),
               pools || layer.rounded == 0 ? "-" : fmt::format("{:.2f} %", 100 * layer.worst)});
    json.push_back({{"name", layer.name},
                    {"weights", layer.weights},
                    {"digits", layer.digits},
                    {"rounded", layer.rounded},
                    {"worst_rounding", layer.worst},
                    {"border", layer.border}});
  }
  fmt::print("{}: pixels 0..255 are {}\n\n{}\n", emitted.network.name, source.pixels_said, table.text());
  if (source.plan.left_out > 0) {
    fmt::print("{} quantisers in front of sums and averages are left out: the engine rounds once, behind them{}\n", source.plan.left_out,
               source.plan.left_out_clips == 0 ? "" : fmt::format("; {} of them cut values off", source.plan.left_out_clips));
  }
  if (calibrated && random) {
    fmt::print("activations without quantisers have the ranges of {} random images; --data DIR calibrates them on real ones\n", kCalibrationImages);
  }
  for (const std::string& note : emitted.notes) fmt::print("{}\n", note);
  fmt::print("one word of the logits is {:.6g}\n", 1 / emitted.logit_unit);
  return json;
}

void import_file(const ImportFlags& flags, const Context& context) {
  Source source = foreign::load_source(flags.file);
  foreign::PixelOptions said{{}, flags.mean, flags.deviation};
  if (!flags.range.empty()) said.range = {flags.range.at(0), flags.range.at(1)};
  const Levels pixels = foreign::pixel_levels(source, said);
  const Shape& input = source.plan.input;
  const std::vector<foreign::Range> ranges = foreign::calibrate(source, pixels, calibration_images(flags, input));
  foreign::match_again(source, ranges);
  Emitted emitted = foreign::emit(source.plan, pixels, ranges, {flags.digits, true});
  emitted.network.provenance.command = fmt::format("flexor import {}", flags.file.filename().string());
  emitted.network.provenance.tool_version = kVersion;
  emitted.network.provenance.data_name = data_name(input, flags.data);
  auto layers = print_layers(source, emitted, flags.data.empty());
  nlohmann::ordered_json checked;
  if (flags.checks) checked = check(flags, source, pixels, emitted);
  if (!flags.out.empty()) {
    const bool single = flags.out.extension() == ".flexor";
    const std::filesystem::path model = single ? flags.out : flags.out / "model.flexor";
    if (!single) std::filesystem::create_directories(flags.out);
    save_network(emitted.network, model);
    fmt::print("wrote {}\n", model.string());
  }
  write_json(flags.json, context,
             {{"file", flags.file.string()},
              {"out", flags.out.string()},
              {"pixels", source.pixels_said},
              {"logit_unit", emitted.logit_unit},
              {"quantisers_left_out", source.plan.left_out},
              {"layers", std::move(layers)},
              {"check", std::move(checked)}});
}

#endif

void import_command(const ImportFlags& flags, const Context& context) {
#ifdef FLEXOR_IMPORT
  import_file(flags, context);
#else
  (void)flags, (void)context;
  throw InputError("this flexor was built without ONNX; install libonnx-dev and libprotobuf-dev and build it again");
#endif
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<ImportFlags>();
  CLI::App* command = add_command(app, "import", "Make a model file, and a start for training, of an ONNX or QONNX network.",
                                  "flexor import net.onnx --out net --mean 0.1307 --std 0.3081 --data ~/data --check");
  command->add_option("file", flags->file, "ONNX file: float, QDQ or QONNX (docs/import.md)")->required()->type_name("FILE");
  command->add_option("--out", flags->out, "folder to write to, or a model file that ends in .flexor; without it nothing is written")->type_name("PATH");
  command->add_option("--range", flags->range, "what pixels 0 and 255 are to the network")->expected(2)->type_name("LOW HIGH");
  command->add_option("--mean", flags->mean, "pixels are (pixel / 255 - mean) / std; one, or one a channel")->delimiter(',')->type_name("M,...");
  command->add_option("--std", flags->deviation)->delimiter(',')->type_name("S,...");
  command->add_option("--data", flags->data, "data set, or sample file (.flxd), whose first images give the ranges of activations that have no quantiser")
      ->type_name("PATH");
  command->add_option("--digits", flags->digits, "most binary digits of a weight")->capture_default_str()->type_name("N")->check(CLI::Range(2, 8).description(""));
  auto* check = command
                    ->add_option("--check", flags->check,
                                 "compare the model's logits with the file's, on inputs of a .npy or .pb file; without a FILE on random images")
                    ->expected(0, 1)
                    ->type_name("FILE");
  command->add_option("--outputs", flags->outputs, "outputs of another program for the inputs of --check, .npy or .pb")->type_name("FILE");
  command->add_option("--images", flags->images, "random images of --check")->capture_default_str()->type_name("N")->check(CLI::Range(1, 1000000).description(""));
  command->add_option("--seed", flags->seed, "of random images")->capture_default_str()->type_name("N");
  add_threads(*command, flags->threads);
  add_json(*command, flags->json);
  command->callback([flags, check, &context] {
    flags->checks = check->count() > 0;
    import_command(*flags, context);
  });
}

}  // namespace flexor
