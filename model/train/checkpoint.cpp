// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "code/error.hpp"
#include "network/atomic_file.hpp"

namespace flexor {
namespace {

std::string read_text(torch::serialize::InputArchive& archive, const std::string& key) {
  c10::IValue value;
  archive.read(key, value);
  return value.toStringRef();
}

torch::Tensor pack(const std::vector<int>& values) {
  return torch::tensor(std::vector<std::int64_t>(values.begin(), values.end()), torch::kLong);
}

// A stored tensor must have the shape of the one that it replaces.
void restore(torch::serialize::InputArchive& archive, const std::string& key, const torch::Tensor& to) {
  torch::Tensor from;
  archive.read(key, from);
  TORCH_CHECK(from.sizes() == to.sizes(), key);
  to.copy_(from);
}

void restore_order(torch::serialize::InputArchive& archive, std::vector<int>& order, const std::filesystem::path& file) {
  torch::Tensor stored;
  archive.read("order", stored);
  if (stored.numel() != static_cast<std::int64_t>(order.size())) {
    throw InputError(
        fmt::format("checkpoint '{}' was trained on {} images, not {}; give the same data", file.string(), stored.numel(), order.size()));
  }
  std::copy_n(stored.data_ptr<std::int64_t>(), order.size(), order.begin());
}

// Throws InputError when the checkpoint is of another network.
void check_network(torch::serialize::InputArchive& archive, const Trainable& model, const std::filesystem::path& file) {
  const std::string network = read_text(archive, "network");
  if (network == model->spec().name) return;
  throw InputError("checkpoint '" + file.string() + "' is of network " + network + ", not " + model->spec().name +
                   "; give a checkpoint of the same network");
}

// Parameters and statistics, to where the model is; of the same layers.
void restore_model(torch::serialize::InputArchive& archive, Trainable& model) {
  const torch::Device device = model->device();
  const auto sizes = [&model] {
    std::vector<std::vector<std::int64_t>> all;
    for (const torch::Tensor& parameter : model->parameters()) all.push_back(parameter.sizes().vec());
    return all;
  };
  const auto wanted = sizes();
  model->load(archive);
  TORCH_CHECK(sizes() == wanted, "shapes");
  model->to(device);
}

Method method_of(torch::serialize::InputArchive& archive) {
  c10::IValue method;
  archive.read("method", method);
  return static_cast<Method>(method.toInt());
}

// Parameters and statistics of a run whose checkpoint passes `check`.
void load_weights(Trainable& model, const std::filesystem::path& file, const std::function<void(torch::serialize::InputArchive&)>& check) {
  const torch::NoGradGuard guard;
  try {
    torch::serialize::InputArchive archive;
    std::istringstream stream(checkpoint_bytes(file));
    archive.load_from(stream);
    check(archive);
    restore_model(archive, model);
  } catch (const c10::Error&) {
    throw InputError(
        fmt::format("checkpoint '{}' cannot be read or has other layers than network {}; give one of a run with the same layers",
                    file.string(), model->spec().name));
  }
}

}  // namespace

void save_checkpoint(const Trainable& model, const RunState& state, const CheckpointNotes& notes, const std::filesystem::path& file) {
  torch::serialize::OutputArchive archive;
  model->save(archive);
  archive.write("network", c10::IValue(model->spec().name));
  archive.write("method", c10::IValue(static_cast<std::int64_t>(model->hyper().method)));
  archive.write("plan", c10::IValue(notes.plan));
  archive.write("log", c10::IValue(notes.log));
  archive.write("test_accuracy", c10::IValue(notes.test_accuracy));
  archive.write("epoch", c10::IValue(static_cast<std::int64_t>(state.epoch)));
  archive.write("steps", c10::IValue(state.optimiser.steps()));
  const auto& parameters = state.optimiser.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    archive.write("first" + std::to_string(i), parameters[i].first);
    archive.write("second" + std::to_string(i), parameters[i].second);
  }
  std::ostringstream random;
  random << state.data.random;
  archive.write("random", c10::IValue(random.str()));
  archive.write("order", pack(state.data.order));
  std::ostringstream bytes;
  archive.save_to(bytes);
  write_file(file, bytes.str());
}

std::string checkpoint_bytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void load_checkpoint(Trainable& model, RunState& state, CheckpointNotes& notes, const std::filesystem::path& file) {
  load_checkpoint(model, state, notes, checkpoint_bytes(file), file);
}

void load_checkpoint(Trainable& model, RunState& state, CheckpointNotes& notes, const std::string& bytes,
                     const std::filesystem::path& file) {
  const torch::NoGradGuard guard;
  try {
    torch::serialize::InputArchive archive;
    std::istringstream stream(bytes);
    archive.load_from(stream);
    check_network(archive, model, file);
    const std::string plan = read_text(archive, "plan");
    if (!notes.plan.empty() && plan != notes.plan) {
      throw InputError(fmt::format("checkpoint '{}' is of another run ({}); give the same options and files or another --out",
                                   file.string(), plan.substr(0, plan.find(" #"))));
    }
    c10::IValue epoch, steps, accuracy;
    archive.read("epoch", epoch);
    archive.read("steps", steps);
    archive.read("test_accuracy", accuracy);
    restore_order(archive, state.data.order, file);
    const auto& parameters = state.optimiser.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      restore(archive, "first" + std::to_string(i), parameters[i].first);
      restore(archive, "second" + std::to_string(i), parameters[i].second);
    }
    std::istringstream(read_text(archive, "random")) >> state.data.random;
    restore_model(archive, model);
    state.optimiser.resume(steps.toInt());
    state.epoch = static_cast<int>(epoch.toInt());
    notes = {plan, read_text(archive, "log"), accuracy.toDouble()};
  } catch (const c10::Error&) {
    throw InputError("checkpoint '" + file.string() +
                     "' cannot be read or does not fit the network and rate; give one that this command wrote");
  }
}

void load_real_weights(Trainable& model, const std::filesystem::path& file) {
  load_weights(model, file, [&](torch::serialize::InputArchive& archive) {
    check_network(archive, model, file);
    if (method_of(archive) == Method::Real) return;
    throw InputError(fmt::format("checkpoint '{}' is not of a run with real weights; give one of a run with --method real", file.string()));
  });
}

void load_start(Trainable& model, const std::filesystem::path& file) {
  load_weights(model, file, [&](torch::serialize::InputArchive& archive) {
    const Method method = method_of(archive);
    if (method == Method::Real || method == Method::Nearest) return;
    throw InputError(fmt::format("checkpoint '{}' is of a run that trained stored bits; give one of a run with --method real or nearest",
                                 file.string()));
  });
}

}  // namespace flexor
