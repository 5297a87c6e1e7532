// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "code/error.hpp"
#include "network/checked_file.hpp"
#include "network/network.hpp"
#include "network_generated.h"

namespace flexor {
namespace {

constexpr FileKind kModelFile{"model file", "FLXN", 1};

schema::Shape pack(const Shape& s) { return {s.height, s.width, s.channels}; }

Shape unpack(const schema::Shape* s) { return s == nullptr ? Shape{0, 0, 0} : Shape{s->height(), s->width(), s->channels()}; }

std::string unpack(const flatbuffers::String* s) { return s == nullptr ? std::string() : s->str(); }

template <typename T>
std::vector<T> unpack(const flatbuffers::Vector<T>* v) {
  return v == nullptr ? std::vector<T>() : std::vector<T>(v->begin(), v->end());
}

flatbuffers::Offset<schema::Layer> pack(flatbuffers::FlatBufferBuilder& b, const Layer& l) {
  std::vector<flatbuffers::Offset<schema::Plane>> planes;
  for (const Plane& p : l.planes) planes.push_back(schema::CreatePlaneDirect(b, p.code, &p.stored));
  const auto input = pack(l.input);
  const auto output = pack(l.output);
  flatbuffers::Offset<schema::Shortcut> shortcut;
  if (l.shortcut) {
    const Shortcut& from = *l.shortcut;
    shortcut = schema::CreateShortcut(b, from.source, from.stride, from.channel_offset, static_cast<std::uint16_t>(from.multiplier),
                                      from.real_multiplier);
  }
  // Programs before uneven padding and dilation refuse a padding of -1 and never misread the layer.
  const bool plain = l.padding.even() && l.dilation == 1;
  const schema::Padding sides(l.padding.top, l.padding.left, l.padding.bottom, l.padding.right);
  return schema::CreateLayerDirect(b, l.name.c_str(), static_cast<schema::Kind>(l.kind), &input, &output, l.kernel_height, l.kernel_width,
                                   l.stride, plain ? l.padding.top : -1, l.stack_rows, l.max_pool, l.logits, l.activation_max, l.shift,
                                   &planes, &l.bias, &l.multiplier, &l.real_scale, &l.real_bias, l.source, shortcut, l.digits,
                                   l.global_average, l.projection, l.average, plain ? nullptr : &sides, l.dilation);
}

Layer unpack(const schema::Layer& l) {
  Layer out;
  out.name = unpack(l.name());
  out.kind = static_cast<LayerKind>(l.kind());
  out.input = unpack(l.input());
  out.output = unpack(l.output());
  out.kernel_height = l.kernel_height();
  out.kernel_width = l.kernel_width();
  out.stride = l.stride();
  out.padding = l.padding();
  if (const schema::Padding* sides = l.sides()) out.padding = {sides->top(), sides->left(), sides->bottom(), sides->right()};
  out.dilation = l.dilation();
  out.stack_rows = l.stack_rows();
  out.max_pool = l.max_pool();
  out.logits = l.logits();
  out.activation_max = l.activation_max();
  out.shift = l.shift();
  if (l.planes() != nullptr) {
    for (const schema::Plane* p : *l.planes()) out.planes.push_back({p->code(), unpack(p->stored())});
  }
  out.bias = unpack(l.bias());
  out.multiplier = unpack(l.multiplier());
  out.real_scale = unpack(l.real_scale());
  out.real_bias = unpack(l.real_bias());
  out.source = l.source();
  if (const schema::Shortcut* from = l.shortcut()) {
    out.shortcut = Shortcut{from->source(), from->stride(), from->channel_offset(), from->multiplier(), from->real_multiplier()};
  }
  out.digits = l.digits();
  out.global_average = l.global_average();
  out.projection = l.projection();
  out.average = l.average();
  return out;
}

Provenance unpack(const schema::Provenance& p) {
  return {unpack(p.command()), unpack(p.tool_version()), p.seed(), unpack(p.data_name()), unpack(p.data_checksum()), p.epochs(),
          p.accuracy(),        p.float_accuracy()};
}

}  // namespace

void save_network(const Network& network, const std::filesystem::path& file) {
  validate(network);
  flatbuffers::FlatBufferBuilder b;
  std::vector<flatbuffers::Offset<schema::Code>> codes;
  for (const Code& c : network.codes) codes.push_back(schema::CreateCodeDirect(b, c.name.c_str(), c.n_out, c.n_in, &c.rows));
  std::vector<flatbuffers::Offset<schema::Layer>> layers;
  for (const Layer& l : network.layers) layers.push_back(pack(b, l));
  const Provenance& p = network.provenance;
  const auto provenance = schema::CreateProvenanceDirect(b, p.command.c_str(), p.tool_version.c_str(), p.seed, p.data_name.c_str(),
                                                         p.data_checksum.c_str(), p.epochs, p.accuracy, p.float_accuracy);
  const auto input = pack(network.input);
  std::vector<flatbuffers::Offset<flatbuffers::String>> classes;
  for (const std::string& name : network.classes) classes.push_back(b.CreateString(name));
  schema::FinishNetworkBuffer(
      b, schema::CreateNetworkDirect(b, network.name.c_str(), &input, &codes, &layers, provenance, network.slice.inputs,
                                     network.slice.channels, network.classes.empty() ? nullptr : &classes));
  write_checked_file(kModelFile, file, {b.GetBufferPointer(), b.GetSize()});
}

Network load_network(const std::filesystem::path& file) {
  const std::vector<std::uint8_t> payload = read_checked_file(kModelFile, file);
  flatbuffers::Verifier verifier(payload.data(), payload.size());
  if (!schema::VerifyNetworkBuffer(verifier)) {
    throw InputError(fmt::format("model file '{}' does not follow the schema of model files; make it again", file.string()));
  }
  const schema::Network* stored = schema::GetNetwork(payload.data());
  Network network;
  network.name = unpack(stored->name());
  network.input = unpack(stored->input());
  if (stored->codes() != nullptr) {
    for (const schema::Code* c : *stored->codes()) network.codes.push_back({unpack(c->name()), c->n_out(), c->n_in(), unpack(c->rows())});
  }
  if (stored->layers() != nullptr) {
    for (const schema::Layer* l : *stored->layers()) network.layers.push_back(unpack(*l));
  }
  if (stored->classes() != nullptr) {
    for (const flatbuffers::String* name : *stored->classes()) network.classes.push_back(unpack(name));
  }
  if (stored->provenance() != nullptr) network.provenance = unpack(*stored->provenance());
  network.slice = {stored->slice_inputs(), stored->slice_channels()};
  try {
    validate(network);
  } catch (const InputError& error) {
    throw InputError(fmt::format("model file '{}': {}", file.string(), error.what()));
  }
  return network;
}

}  // namespace flexor
