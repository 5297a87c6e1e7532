// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "code/error.hpp"
#include "compiler/compiler.hpp"
#include "image_generated.h"
#include "network/checked_file.hpp"

namespace flexor {
namespace {

constexpr FileKind kImageFile{"memory image", "FLXI", 3, 3};  // descriptors of before were laid out otherwise

std::string unpack(const flatbuffers::String* s) { return s == nullptr ? std::string() : s->str(); }

template <typename T>
std::vector<T> unpack(const flatbuffers::Vector<T>* v) {
  return v == nullptr ? std::vector<T>() : std::vector<T>(v->begin(), v->end());
}

const EngineParameters& configuration(const std::string& name) {
  for (const EngineParameters& engine : kConfigurations) {
    if (engine.name == name) return engine;
  }
  throw InputError(fmt::format("it is for the engine '{}', which this program does not know; compile the network again", name));
}

// Layers of the engine are those of the network in turn, each of them in one or several parts.
bool parts_follow(const std::vector<MemoryImage::LayerPlan>& parts) {
  int last = 0;
  for (const MemoryImage::LayerPlan& part : parts) {
    if (part.layer < last || part.layer > last + 1 || part.first_pixel < 0 || part.first_channel < 0 || part.weight_words < 0) return false;
    last = part.layer;
  }
  return parts.empty() || parts.front().layer == 0;
}

// Strips stay within activation memory and within the tensors that they are parts of; the weights that are brought are those of the layers.
bool strips_fit(const MemoryImage& image, const EngineParameters& engine) {
  if (image.moves.empty()) return true;
  const std::ptrdiff_t weighted =
      std::count_if(image.layers.begin(), image.layers.end(), [](const MemoryImage::LayerPlan& part) { return part.weight_words > 0; });
  const auto brings = [](const Move& move) { return move.what == Move::What::Weights; };
  if (std::count_if(image.moves.begin(), image.moves.end(), brings) != weighted) return false;
  const auto layers = static_cast<int>(image.layers.size());
  const auto fits = [&](const Move& move) {
    const bool known = move.what == Move::What::Weights || move.what == Move::What::Load || move.what == Move::What::Store;
    const bool ordered = known && move.after >= 0 && move.after <= layers && move.progress >= 0 && move.progress < 0xFFFF;
    if (move.what == Move::What::Weights) return ordered;
    if (move.tensor < 0 || static_cast<std::size_t>(move.tensor) >= image.outside.size()) return false;
    const auto tensor = static_cast<std::size_t>(move.tensor);
    const std::int64_t size = tensor == 0 ? image.input.size() : image.outside[tensor];
    return ordered && move.offset % static_cast<std::uint32_t>(engine.AxiBytes) == 0 && std::int64_t{move.offset} + move.bytes <= size &&
           std::int64_t{move.chip} + move.bytes <= engine.activation_bytes();
  };
  return engine.AxiBytes > 0 && image.batch == 1 && std::all_of(image.moves.begin(), image.moves.end(), fits);
}

// What the engine's memories hold and the driver relies on.
void check(const MemoryImage& image) {
  const EngineParameters& engine = configuration(image.configuration);
  const auto fits = [](std::size_t size, int words) { return size <= static_cast<std::size_t>(words); };
  if (!fits(image.control.size(), engine.ControlWords) || !fits(image.code.size(), engine.CodeWords) ||
      (engine.AxiBytes == 0 && !fits(image.weight.size(), engine.WeightWords))) {
    throw InputError(fmt::format("it is larger than the memories of engine '{}'; compile the network again", engine.name));
  }
  const bool shape_ok =
      image.input.height >= 1 && image.input.width >= 1 && image.input.channels >= 1 && image.batch >= 1 && image.classes >= 1;
  const auto bytes = static_cast<std::uint64_t>(engine.activation_bytes());
  const auto end = [&image](std::uint64_t address, std::uint64_t size) { return address + size * static_cast<std::uint64_t>(image.batch); };
  if (!shape_ok || (!image.moves.empty() && image.layers.empty()) ||
      (image.moves.empty() && static_cast<std::uint64_t>(image.input.height) * static_cast<std::uint64_t>(image.input.width) > bytes) ||
      (image.moves.empty() &&
       end(image.input_address, static_cast<std::uint64_t>(image.input.height) * static_cast<std::uint64_t>(image.input.width) *
                                    static_cast<std::uint64_t>(image.input.channels)) > bytes) ||
      !parts_follow(image.layers) || !strips_fit(image, engine) ||
      end(image.output_address, 2 * static_cast<std::uint64_t>(image.classes)) > bytes ||
      image.descriptor + static_cast<std::uint64_t>(kDescriptorWords) * image.layers.size() > image.control.size() ||
      image.following_after >= static_cast<int>(image.layers.size())) {
    throw InputError(fmt::format("its shapes and addresses do not fit engine '{}'; compile the network again", engine.name));
  }
}

}  // namespace

void save_image(const MemoryImage& image, const std::filesystem::path& file) {
  flatbuffers::FlatBufferBuilder b;
  std::vector<flatbuffers::Offset<schema::LayerPlan>> layers;
  for (const MemoryImage::LayerPlan& l : image.layers) {
    layers.push_back(schema::CreateLayerPlanDirect(b, l.name.c_str(), l.input_address, l.output_address, l.macs, l.ideal_cycles, l.tiles,
                                                   l.weight_words, l.predicted.compute, l.predicted.weight_stall, l.predicted.drain_stall,
                                                   l.predicted.other, l.layer, l.first_pixel, l.output_bytes, l.first_channel));
  }
  std::vector<flatbuffers::Offset<schema::Move>> moves;
  for (const Move& m : image.moves) {
    moves.push_back(
        schema::CreateMove(b, static_cast<schema::MoveKind>(m.what), m.layer, m.tensor, m.offset, m.chip, m.bytes, m.after, m.progress));
  }
  const schema::ImageShape input(image.input.height, image.input.width, image.input.channels);
  schema::FinishImageBuffer(b, schema::CreateImageDirect(b, image.configuration.c_str(), image.batch, &image.control, &image.code,
                                                         &image.weight, image.descriptor, &input, image.input_address, image.output_address,
                                                         image.classes, &layers, image.following_after, &moves, &image.outside));
  write_checked_file(kImageFile, file, {b.GetBufferPointer(), b.GetSize()});
}

MemoryImage load_image(const std::filesystem::path& file) {
  const std::vector<std::uint8_t> payload = read_checked_file(kImageFile, file);
  flatbuffers::Verifier verifier(payload.data(), payload.size());
  if (!schema::VerifyImageBuffer(verifier)) {
    throw InputError(
        fmt::format("memory image '{}' does not follow the schema of memory images; compile the network again", file.string()));
  }
  const schema::Image* stored = schema::GetImage(payload.data());
  MemoryImage image;
  image.configuration = unpack(stored->configuration());
  image.batch = stored->batch();
  image.control = unpack(stored->control());
  image.code = unpack(stored->code());
  image.weight = unpack(stored->weight());
  image.descriptor = stored->descriptor();
  if (stored->input() != nullptr) image.input = {stored->input()->height(), stored->input()->width(), stored->input()->channels()};
  image.input_address = stored->input_address();
  image.output_address = stored->output_address();
  image.classes = stored->classes();
  image.following_after = stored->following_after();
  if (stored->layers() != nullptr) {
    for (const schema::LayerPlan* l : *stored->layers()) {
      image.layers.push_back({unpack(l->name()),
                              l->input_address(),
                              l->output_address(),
                              l->macs(),
                              l->ideal_cycles(),
                              l->tiles(),
                              l->weight_words(),
                              l->layer(),
                              l->first_pixel(),
                              l->first_channel(),
                              l->output_bytes(),
                              {l->predicted_compute(), l->predicted_weight_stall(), l->predicted_drain_stall(), l->predicted_other()}});
    }
  }
  image.outside = unpack(stored->outside());
  if (stored->moves() != nullptr) {
    for (const schema::Move* m : *stored->moves()) {
      image.moves.push_back(
          {static_cast<Move::What>(m->kind()), m->layer(), m->tensor(), m->offset(), m->chip(), m->bytes(), m->after(), m->progress()});
    }
  }
  try {
    check(image);
  } catch (const InputError& error) {
    throw InputError(fmt::format("memory image '{}': {}", file.string(), error.what()));
  }
  return image;
}

}  // namespace flexor
