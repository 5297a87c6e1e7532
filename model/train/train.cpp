// SPDX-License-Identifier: Apache-2.0
#include "train/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "code/error.hpp"
#include "data/sha256.hpp"
#include "network/atomic_file.hpp"
#include "onnx/onnx.hpp"
#include "train/checkpoint.hpp"
#include "train/convolution.hpp"
#include "train/device.hpp"
#include "train/export.hpp"
#include "train/json_reader.hpp"
#include "train/loop.hpp"
#include "train/memory.hpp"
#include "train/plot.hpp"
#include "train/progress_line.hpp"
#include "train/recipe.hpp"
#include "train/team.hpp"
#include "train/tensor.hpp"

namespace flexor {
namespace {

// Whether the parameters of one method suit the other.
bool same_latents(Method a, Method b) {
  const auto alone = [](Method method) { return method == Method::Nearest || method == Method::Real; };
  return a == b || (!alone(a) && !alone(b));
}

/// The recipe with everything in it that the options change.
Recipe chosen_recipe(const TrainOptions& options) {
  Recipe recipe = load_recipe(options.recipe);
  if (!options.network.empty()) recipe.network = options.network;
  if (!options.method.empty()) {  // each kind of latents wants its own groups of parameters; ablations of eq. 6 keep the recipe's
    const Method method = parse_method(options.method);
    if (!same_latents(method, recipe.hyper.method)) {
      Hyper usual = usual_hyper(method);
      usual.integer_gradients = recipe.hyper.integer_gradients;
      recipe.hyper = usual;
    }
    recipe.hyper.method = method;
  }
  if (!options.code.empty()) recipe.code = options.code;
  recipe.code_seed = options.code_seed.value_or(recipe.code_seed);
  recipe.epochs = options.epochs.value_or(recipe.epochs);
  recipe.batch = options.batch.value_or(recipe.batch);
  recipe.hyper.latent.rate = options.learning_rate.value_or(recipe.hyper.latent.rate);
  recipe.hyper.s_tanh = options.s_tanh.value_or(recipe.hyper.s_tanh);
  if (!options.augment) recipe.augmentation.reset();
  recipe.bfloat16 = recipe.bfloat16 || options.bfloat16;
  recipe.hyper.integer_gradients = recipe.hyper.integer_gradients || options.integer_gradients;
  for (const auto& [prefix, rate] : options.layer_rates) recipe.rates[prefix] = rate;
  return recipe;
}

/// The recipe's network with the slices that the options ask for.
NetworkSpec chosen_network(const TrainOptions& options, const Recipe& recipe) {
  NetworkSpec spec = network_spec(recipe.network);
  if (!options.slice.empty()) spec.slice = parse_slice(options.slice);
  layer_shapes(spec);  // refuses what does not fit
  return spec;
}

void check_options(const TrainOptions& options, const Recipe& recipe) {
  if (recipe.epochs < 1) throw InputError(fmt::format("{} epochs are too few; give at least 1", recipe.epochs));
  if (options.threads < 1) throw InputError(fmt::format("{} threads are too few; give at least 1", options.threads));
  if (options.workers < 1) throw InputError(fmt::format("{} workers are too few; give at least 1", options.workers));
  if (recipe.batch < 2) throw InputError(fmt::format("a minibatch of {} is too small for batch norm; give at least 2", recipe.batch));
  if (!(recipe.hyper.latent.rate > 0)) {
    throw InputError(fmt::format("learning rate {:g} is not possible; give a positive one", recipe.hyper.latent.rate));
  }
  if (options.s_tanh && !(*options.s_tanh > 0)) {
    throw InputError(fmt::format("S_tanh {:g} is not possible; give a positive one", *options.s_tanh));
  }
  if (options.s_tanh && (recipe.hyper.method == Method::Nearest || recipe.hyper.method == Method::Real)) {
    throw InputError("S_tanh belongs to equation 6 and its ablations; leave out --s-tanh or give --method eq6, straight or analog");
  }
  if (!options.start.empty() && recipe.hyper.method != Method::Nearest) {
    throw InputError("--start gives the latents of the nearest codeword their values; leave it out or give --method nearest");
  }
  if (recipe.bfloat16 && recipe.hyper.integer_gradients) {
    throw InputError("bfloat16 and integer gradients exclude each other; leave one of them out");
  }
  if (options.train_images < 0) {
    throw InputError(fmt::format("{} training images are too few; give at least one minibatch", options.train_images));
  }
  if (options.out.empty()) throw InputError("no place to write to; give --out FOLDER or --out FILE.flexor");
}

void check_classes(const NetworkSpec& spec, const Dataset& data) {
  const int most = data.labels.empty() ? 0 : *std::max_element(data.labels.begin(), data.labels.end());
  if (most < spec.layers.back().channels) return;
  throw InputError(fmt::format("network {} tells {} classes apart, {} has {}; choose a network for this data", spec.name,
                               spec.layers.back().channels, data.name, most + 1));
}

// A window needs images that are as large and layers that take any size.
void check_window(const Recipe& recipe, const NetworkSpec& spec) {
  const int window = recipe.augmentation ? recipe.augmentation->window : 0;
  if (window > std::min(spec.input.height, spec.input.width)) {
    throw InputError(fmt::format("a window of {} pixels is larger than the {}x{} images; give a smaller one", window, spec.input.height,
                                 spec.input.width));
  }
  for (const LayerSpec& layer : spec.layers) {
    if (window > 0 && layer.kind == LayerKind::Dense && !layer.global_average) {
      throw InputError(fmt::format("layer {} of {} takes images of one size only; leave out the window", layer.name, spec.name));
    }
  }
}

constexpr int kStatisticsImages = 512;  // of a start from a model file

bool is_model_file(const TrainOptions& options) { return options.out.extension() == ".flexor"; }

std::filesystem::path log_file(const TrainOptions& options) {
  if (!options.log.empty()) return options.log;
  return is_model_file(options) ? options.out.parent_path() / "log.csv" : options.out / "metrics.csv";
}

std::filesystem::path checkpoint_file(const TrainOptions& options) {
  if (!options.checkpoint.empty() || is_model_file(options)) return options.checkpoint;
  return options.out / "checkpoint.pt";
}

// The log and its plot.
void write_log(const TrainOptions& options, const std::string& log, const std::string& title) {
  const std::filesystem::path file = log_file(options);
  write_file(file, log);
  write_file(std::filesystem::path(file).replace_extension(".svg"), plot_log(log, title));
}

void make_folder(const TrainOptions& options) {
  if (is_model_file(options)) return;
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  if (error) throw InputError(fmt::format("cannot make the folder '{}': {}; choose another --out", options.out.string(), error.message()));
}

// "+" and the bytes of a checkpoint, or nothing where there is none.
std::string read_checkpoint(const std::filesystem::path& file) {
  std::error_code ignored;
  if (file.empty() || !std::filesystem::exists(file, ignored)) return {};
  return std::string("+").append(checkpoint_bytes(file));
}

/// What makes two runs the same: the command without places and number of epochs, and the contents of both descriptions, of the start and
/// of the teacher, after " #".
std::string plan_text(const TrainOptions& options, const Recipe& recipe, const Dataset& train) {
  const std::string contents = read_json(find_description(options.recipe, "recipes", "recipe"), "recipe").dump() +
                               read_json(find_description(recipe.network, "networks", "network"), "network").dump() + train.checksum +
                               read_checkpoint(options.start) + read_checkpoint(options.teacher);
  const std::string digest = sha256(std::span(reinterpret_cast<const std::uint8_t*>(contents.data()), contents.size()));
  TrainOptions same = options;
  same.epochs.reset();
  const std::string command = train_command(same);
  return command.substr(0, command.find(" --data")) + " #" + digest;
}

std::string csv_line(const EpochResult& r, const Recipe& recipe) {
  return fmt::format("{},{:.5f},{:.3f},{:.2f},{:.3e},{:.1f},{:.0f},{:.3f}\n", r.epoch, r.loss, r.train_accuracy, r.test_accuracy,
                     r.factor * recipe.hyper.latent.rate, r.seconds, r.images_per_second, r.data_share);
}

void print_epoch(const EpochResult& r, int epochs) {
  fmt::print("epoch {:3}/{}  loss {:.4f}  train {:6.2f} %  test {:6.2f} %  {:6.0f} images/s, {:.0f} % waiting for images\n", r.epoch,
             epochs, r.loss, r.train_accuracy, r.test_accuracy, r.images_per_second, 100 * r.data_share);
  std::fflush(stdout);
}

/// Continues from a checkpoint that is there; process 0 reads it for all.
void resume(const TrainOptions& options, Trainable& model, RunState& state, CheckpointNotes& notes) {
  const std::filesystem::path file = checkpoint_file(options);
  Team* team = model->team();
  const bool reads = team == nullptr || team->rank() == 0;
  std::string bytes = reads ? read_checkpoint(file) : std::string();
  if (team != nullptr) bytes = team->share(bytes);
  if (bytes.empty()) {
    if (!options.resume) return;
    throw InputError(fmt::format("there is no checkpoint '{}' to resume from; leave out --resume to begin anew", file.string()));
  }
  load_checkpoint(model, state, notes, bytes.substr(1), file);
  if (reads && !options.quiet) fmt::print("resuming after epoch {} of '{}'\n", state.epoch, file.string());
}

// For what another run left: real weights, or latents, of which there are as many.
Trainable whole_network(const TrainOptions& options, const NetworkSpec& spec) {
  return Trainable(spec, make_code("plain", 1, 1, spec.slice), Method::Real, options.seed);
}

// The network that a run learns from, as a run with real weights left it.
Teacher load_teacher(const TrainOptions& options, const Recipe& recipe, const NetworkSpec& spec, const torch::Device& device) {
  Teacher teacher{.share = recipe.teacher_share, .temperature = recipe.teacher_temperature};
  if (options.teacher.empty()) return teacher;
  teacher.network = whole_network(options, spec);
  load_real_weights(teacher.network, options.teacher);
  teacher.network->to(device);
  teacher.network->eval();
  return teacher;
}

void begin_from(Trainable& model, const TrainOptions& options, const Dataset& data) {
  if (options.start.empty()) return;
  if (options.start.extension() == ".flexor") {
    model->begin_from(load_network(options.start), image_batch(data, 0, std::min(kStatisticsImages, data.count)));
    return;
  }
  Trainable other = whole_network(options, model->spec());
  load_start(other, options.start);
  model->begin_from(*other);
}

void check_team(const Recipe& recipe, const TeamPlace& place) {
  if (recipe.batch % place.size == 0 && recipe.batch >= 2 * place.size) return;
  throw InputError(
      fmt::format("a minibatch of {} cannot be divided among {} processes; give a multiple of {}", recipe.batch, place.size, place.size));
}

}  // namespace

bool writes_results() { return team_place().rank == 0; }

std::filesystem::path model_file(const TrainOptions& options) {
  return is_model_file(options) ? options.out : options.out / "model.flexor";
}

std::string train_command(const TrainOptions& options) {
  const TrainOptions usual;
  std::string text = fmt::format("flexor train --recipe {} --rate {:g} --seed {}", options.recipe, options.rate, options.seed);
  const auto add = [&text](bool given, const std::string& words) {
    if (given) text += " " + words;
  };
  add(!options.network.empty(), "--network " + options.network);
  add(!options.slice.empty(), "--slice " + options.slice);
  add(!options.method.empty(), "--method " + options.method);
  add(!options.code.empty(), "--code " + options.code);
  add(options.code_seed.has_value(), fmt::format("--code-seed {}", options.code_seed.value_or(0)));
  for (const auto& [prefix, rate] : options.layer_rates) add(true, fmt::format("--layer-rate {}={:g}", prefix, rate));
  add(!options.start.empty(), "--start " + options.start.filename().string());
  add(!options.teacher.empty(), "--teacher " + options.teacher.filename().string());
  add(options.epochs.has_value(), fmt::format("--epochs {}", options.epochs.value_or(0)));
  add(options.batch.has_value(), fmt::format("--minibatch {}", options.batch.value_or(0)));
  add(options.learning_rate.has_value(), fmt::format("--learning-rate {:g}", options.learning_rate.value_or(0)));
  add(options.s_tanh.has_value(), fmt::format("--s-tanh {:g}", options.s_tanh.value_or(0)));
  add(!options.augment, "--no-augment");
  add(options.bfloat16, "--bfloat16");
  add(options.integer_gradients, "--integer-gradients");
  add(options.train_images > 0, fmt::format("--train-images {}", options.train_images));
  add(options.device != usual.device, "--device " + options.device);
  text += " --data DIR";
  add(options.threads != usual.threads, fmt::format("--threads {}", options.threads));
  const std::filesystem::path name = options.out.has_filename() ? options.out.filename() : options.out.parent_path().filename();
  return text + fmt::format(" --out {}", name.string());
}

TrainResult train_main(const TrainOptions& options) {
  const Recipe recipe = chosen_recipe(options);
  check_options(options, recipe);
  const NetworkSpec spec = chosen_network(options, recipe);
  layer_codes(recipe, spec, options.rate);
  find_device(options.device);
  check_team(recipe, team_place());
  Dataset train = load_dataset(recipe.data, options.data, true, spec.input);
  if (options.train_images > 0) train.count = std::min(train.count, options.train_images);
  return train_on(options, train, load_dataset(recipe.data, options.data, false, spec.input));
}

TrainResult train_on(const TrainOptions& options, const Dataset& train, const Dataset& test) {
  const Recipe recipe = chosen_recipe(options);
  check_options(options, recipe);
  if (train.count < recipe.batch) {
    throw InputError(fmt::format("{} training images do not fill a minibatch of {}; use more", train.count, recipe.batch));
  }
  const NetworkSpec spec = chosen_network(options, recipe);
  if (!(spec.input == train.shape)) {
    throw InputError(fmt::format("network {} takes {}x{}x{} images, {} has {}x{}x{}; choose a network for this data", spec.name,
                                 spec.input.height, spec.input.width, spec.input.channels, train.name, train.shape.height,
                                 train.shape.width, train.shape.channels));
  }
  check_classes(spec, train);
  check_window(recipe, spec);
  const TeamPlace place = team_place();
  check_team(recipe, place);
  const bool writes = place.rank == 0;
  keep_freed_memory();
  torch::set_num_threads(options.threads);
  const torch::Device device = find_device(options.device);
  if (writes && recipe.bfloat16 && device.is_cpu() && !Convolution::available(true)) {
    fmt::print(stderr,
               "flexor: this processor or build has no bfloat16 convolutions, so bfloat16 trains slower than float32 here; leave it out\n");
  }
  Trainable model(spec, layer_codes(recipe, spec, options.rate), recipe.hyper, options.seed);
  begin_from(model, options, train);
  model->to(device);
  const Schedule schedule{.epochs = recipe.epochs,
                          .batch = recipe.batch,
                          .warm_up_steps = recipe.warm_up_steps,
                          .augmentation = recipe.augmentation,
                          .bfloat16 = recipe.bfloat16,
                          .seed = options.seed,
                          .quick_images = recipe.quick_images,
                          .final_images = recipe.final_images,
                          .test_images = recipe.test_images,
                          .workers = options.workers,
                          .teacher = load_teacher(options, recipe, spec, device)};
  if (writes) make_folder(options);
  RunState state = begin_run(model, train, schedule);
  CheckpointNotes notes{.plan = plan_text(options, recipe, train),
                        .log = "epoch,loss,train_accuracy,test_accuracy,learning_rate,seconds,images_per_second,data_share\n"};
  if (place.size > 1) model->set_team(std::make_shared<Team>(place, notes.plan, options.peer_patience));
  resume(options, model, state, notes);
  model->eval();

  const std::string title = fmt::format("{}, {:g} bit per weight, seed {}", spec.name, options.rate, options.seed);
  const auto start = std::chrono::steady_clock::now();
  ProgressLine progress(writes && !options.quiet);
  Listener listener;
  listener.step = [&progress](const StepProgress& step) { progress.show(step); };
  listener.epoch = [&](const EpochResult& r, const RunState& now) {
    progress.clear();
    notes.log += csv_line(r, recipe);
    notes.test_accuracy = r.test_accuracy;
    if (!writes) return;
    if (const auto file = checkpoint_file(options); !file.empty()) save_checkpoint(model, now, notes, file);
    write_log(options, notes.log, title);
    if (!options.quiet) print_epoch(r, recipe.epochs);
  };
  train_loop(model, train, test, schedule, state, listener);
  if (!writes) return {};

  const auto seconds = [start] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  TrainResult result{fmt::format("{}-{:.1f}", spec.name, options.rate),
                     {.command = train_command(options),
                      .tool_version = options.tool_version,
                      .seed = options.seed,
                      .data_name = train.name,
                      .data_checksum = train.checksum,
                      .epochs = recipe.epochs,
                      .accuracy = notes.test_accuracy,
                      .float_accuracy = notes.test_accuracy}};
  if (recipe.hyper.method == Method::Real) {
    fmt::print("{}: real weights, which no engine runs, {:.2f} % of {} test images, {:.0f} s\n", log_file(options).string(),
               notes.test_accuracy, test.count, seconds());
    return result;
  }
  Network network = to_network(model, result.network);
  result.provenance.accuracy = golden_accuracy(network, test);
  network.provenance = result.provenance;
  save_network(network, model_file(options));
  write_file(model_file(options).replace_extension(".onnx"), to_onnx(network));
  write_log(options, notes.log, title);
  fmt::print("{}: integer model {:.2f} %, trainer {:.2f} % of {} test images, {:.0f} s\n", model_file(options).string(),
             network.provenance.accuracy, notes.test_accuracy, test.count, seconds());
  return result;
}

}  // namespace flexor
