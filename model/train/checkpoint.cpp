// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.hpp"

#include <sstream>

#include "code/error.hpp"
#include "network/atomic_file.hpp"

namespace flexor {

void save_checkpoint(const Trainable& model, const Adam& optimiser, int epoch, const std::filesystem::path& file) {
  torch::serialize::OutputArchive archive;
  model->save(archive);
  archive.write("network", c10::IValue(model->spec().name));
  archive.write("epoch", c10::IValue(static_cast<std::int64_t>(epoch)));
  archive.write("steps", c10::IValue(optimiser.steps()));
  for (std::size_t i = 0; i < optimiser.parameters().size(); ++i) {
    archive.write("first" + std::to_string(i), optimiser.parameters()[i].first);
    archive.write("second" + std::to_string(i), optimiser.parameters()[i].second);
  }
  std::ostringstream bytes;
  archive.save_to(bytes);
  write_file(file, bytes.str());
}

int load_checkpoint(Trainable& model, const std::filesystem::path& file) {
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(file.string());
    c10::IValue network;
    c10::IValue epoch;
    archive.read("network", network);
    archive.read("epoch", epoch);
    if (network.toStringRef() != model->spec().name) {
      throw InputError("checkpoint '" + file.string() + "' is of network " + network.toStringRef() + ", not " + model->spec().name +
                       "; give a checkpoint of the same network");
    }
    model->load(archive);
    return static_cast<int>(epoch.toInt());
  } catch (const c10::Error&) {
    throw InputError("checkpoint '" + file.string() +
                     "' cannot be read or does not fit the network and rate; give one that this command wrote");
  }
}

}  // namespace flexor
