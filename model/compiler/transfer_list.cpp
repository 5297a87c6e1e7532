// SPDX-License-Identifier: Apache-2.0
#include "compiler/transfer_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "code/error.hpp"
#include "code/integer.hpp"
#include "compiler/descriptor.hpp"
#include "compiler/transfer_model.hpp"

namespace flexor {
namespace {

constexpr std::uint16_t kEntryCheck = 0xA5C3;
constexpr std::uint32_t kAlignment = 64;
constexpr std::int64_t kLeastBeats = 128;  // of a transfer of weights: its last beat is half empty on average

// Progress of a job: control, codes, the first layer's weights, the input; then the weights of layer l at kInput + l.
constexpr int kControl = 1, kCode = 2, kFirstWeights = kFirstProgress, kInput = 4;

// Appends values of `bits` bits, lowest first; the last byte is filled with zeros.
template <class Words>
void append(std::vector<std::uint8_t>& bytes, const Words& values, int bits) {
  int held = 0;  // bits in the last byte
  for (std::uint64_t value : values) {
    for (int left = bits; left > 0;) {
      if (held == 0) bytes.push_back(0);
      bytes.back() = static_cast<std::uint8_t>(bytes.back() | value << held);
      const int take = std::min(8 - held, left);
      value >>= take;
      left -= take;
      held = (held + take) % 8;
    }
  }
}

void align(std::vector<std::uint8_t>& bytes) { bytes.resize(ceil_div(bytes.size(), kAlignment) * kAlignment); }

std::vector<WeightPlace> weight_places(const MemoryImage& image) {
  std::vector<WeightPlace> places;
  for (std::size_t l = 0; l < image.layers.size(); ++l) {
    const std::size_t word = image.descriptor + l * kDescriptorWords + static_cast<std::size_t>(descriptor::weight_base.word);
    places.push_back({image.control[word], image.layers[l].weight_words});  // 0 of a later strip of a layer
  }
  return places;
}

// Layers that must have ended before the words of layer l may be overwritten.
int overwrites(const std::vector<WeightPlace>& places, std::size_t l) {
  int after = 0;
  for (std::size_t k = 0; k < l; ++k) {
    if (places[k].overlaps(places[l])) after = static_cast<int>(k) + 1;
  }
  return after;
}

class Layout {
 public:
  Layout(const MemoryImage& image, const EngineParameters& engine) : image_(image), engine_(engine), places_(weight_places(image)) {}

  ExternalImage run() { return image_.moves.empty() ? run_whole() : run_strips(); }

 private:
  // The lists come first; `entries` are as many as one can have.
  std::uint32_t make_room(std::size_t entries) {
    const auto list_bytes = static_cast<std::uint32_t>(kEntryBytes * entries);
    out_.first_list = 0;
    out_.next_list = list_bytes;
    out_.bytes.resize(std::size_t{2} * list_bytes);
    return list_bytes;
  }

  ExternalImage run_whole() {
    const std::uint32_t list_bytes = make_room(image_.layers.size() + 4);  // control, code, weights, input, logits
    const std::vector<Transfer> weighted = weights();
    const bool first_weighted = !weighted.empty() && weighted.front().progress == kFirstWeights;
    const Transfer control = words(TransferKind::Control, image_.control, 0, kControl);
    std::vector<Transfer> codes;
    if (!image_.code.empty()) codes.push_back(words(TransferKind::Code, image_.code, 0, kCode));
    Transfer input = activations(TransferKind::Activation, image_.input_address, image_.batch * image_.input.size());
    Transfer logits = activations(TransferKind::Store, image_.output_address, 2 * image_.batch * image_.classes);
    input.address = out_.input = static_cast<std::uint32_t>(out_.bytes.size());
    logits.address = out_.output = end_of(input);
    out_.following = end_of(logits);
    out_.job_list = out_.following + (end_of(input) - out_.input);
    out_.size = out_.job_list + list_bytes + kEntryBytes;
    input.starts = true;
    input.check = engine_.Checksum != 0;
    input.progress = kInput;
    logits.after = static_cast<int>(image_.layers.size());
    logits.progress = layer_progress(image_.layers.size());
    logits.last = true;

    out_.first = {control};
    out_.first.insert(out_.first.end(), codes.begin(), codes.end());
    if (first_weighted) out_.first.push_back(weighted.front());
    out_.first.push_back(input);
    out_.first.insert(out_.first.end(), weighted.begin() + (first_weighted ? 1 : 0), weighted.end());
    out_.first.push_back(logits);
    if (resident()) {
      input.progress = layer_progress(image_.layers.size());
      out_.next = {input, logits};
    } else {
      out_.next = out_.first;
      out_.next.erase(out_.next.begin(), out_.next.begin() + 1 + static_cast<std::ptrdiff_t>(codes.size()));
    }
    write_list(out_.first, out_.first_list);
    write_list(out_.next, out_.next_list);
    follow(input, first_weighted);
    return std::move(out_);
  }

  // What a network in strips keeps outside lies behind everything else, a tensor after the other.
  ExternalImage run_strips() {
    const std::uint32_t list_bytes = make_room(image_.moves.size() + 3);  // control, code, logits
    out_.first.push_back(words(TransferKind::Control, image_.control, 0, kControl));
    if (!image_.code.empty()) out_.first.push_back(words(TransferKind::Code, image_.code, 0, kCode));
    const std::size_t always = out_.first.size();
    std::vector<Transfer> weighted = weights_of_moves();
    Transfer logits = activations(TransferKind::Store, image_.output_address, 2 * image_.classes);
    out_.input = out_.following = static_cast<std::uint32_t>(out_.bytes.size());
    logits.address = out_.output = behind(out_.input, image_.input.size());
    out_.job_list = end_of(logits);
    std::vector<std::uint32_t> tensors{out_.input};
    std::uint32_t end = behind(out_.job_list, list_bytes);
    for (std::size_t t = 1; t < image_.outside.size(); ++t) {
      tensors.push_back(end);
      end = behind(end, image_.outside[t]);
    }
    out_.size = end;
    bool starts = true;
    auto next_weights = weighted.begin();
    for (const Move& move : image_.moves) {
      Transfer t = move.what == Move::What::Weights ? *next_weights++ : strip(move, tensors[static_cast<std::size_t>(move.tensor)]);
      t.after = move.after;
      t.progress = move.progress;
      t.starts = move.what == Move::What::Load && std::exchange(starts, false);
      out_.first.push_back(t);
    }
    logits.after = static_cast<int>(image_.layers.size());
    logits.progress = out_.first.back().progress + 1;
    logits.last = true;
    out_.first.push_back(logits);
    out_.next = without_loaded(always);
    write_list(out_.first, out_.first_list);
    write_list(out_.next, out_.next_list);
    return std::move(out_);
  }

  std::vector<Transfer> weights_of_moves() {
    std::vector<Transfer> transfers;
    std::size_t first = 0;
    for (std::size_t p = 0; p < image_.layers.size(); ++p) {
      const auto count = static_cast<std::size_t>(places_[p].words);
      if (count == 0) continue;
      transfers.push_back(
          words(TransferKind::Weight, std::span(image_.weight).subspan(first, count), static_cast<std::uint32_t>(places_[p].base), 0));
      first += count;
    }
    return transfers;
  }

  // The host writes the input, so it can be checked; what the engine stores has no sums.
  [[nodiscard]] Transfer strip(const Move& move, std::uint32_t tensor) const {
    const auto kind = move.what == Move::What::Store ? TransferKind::Store : TransferKind::Activation;
    Transfer t = activations(kind, move.chip, static_cast<int>(move.bytes));
    t.address = tensor + move.offset;
    t.check = engine_.Checksum != 0 && move.what == Move::What::Load && move.tensor == 0;
    return t;
  }

  // The list of a job that finds the network. What it leaves out is there already, so an entry in front of that announces it.
  [[nodiscard]] std::vector<Transfer> without_loaded(std::size_t always) const {
    std::vector<Transfer> list;
    for (std::size_t i = always; i < out_.first.size(); ++i) {
      const Transfer& t = out_.first[i];
      if (t.kind != TransferKind::Weight || !resident()) {
        list.push_back(t);
      } else if (!list.empty()) {
        list.back().progress = t.progress;
      }
    }
    return list;
  }

  [[nodiscard]] bool resident() const {
    for (std::size_t l = 0; l < places_.size(); ++l) {
      if (overwrites(places_, l) != 0) return false;
    }
    return true;
  }

  // The inputs of the next job come when the layers no longer need their place, and before the logits leave.
  void follow(const Transfer& input, bool first_weighted) {
    if (image_.following_after < 0 || (!resident() && !first_weighted)) return;
    const int all = layer_progress(image_.layers.size());
    out_.following_inputs = input;
    out_.following_inputs.starts = false;
    out_.following_inputs.after = image_.following_after;
    out_.following_inputs.address = out_.following;
    out_.following_inputs.progress = all;
    if (resident()) {
      out_.inputs_found = {out_.first.back()};
    } else {
      out_.inputs_found = out_.next;
      std::erase_if(out_.inputs_found, [](const Transfer& t) { return t.kind == TransferKind::Activation; });
      out_.inputs_found.front().starts = true;
      out_.inputs_found.front().progress = kInput;
    }
    for (const Finds finds : {Finds::Nothing, Finds::Network, Finds::Inputs}) {
      bool& follows = out_.follows[static_cast<std::size_t>(finds)];
      follows = comes_in_time(out_.list(finds, true), image_, engine_);
    }
  }

  // The next place behind so many bytes at `address`, whole beats of them.
  [[nodiscard]] std::uint32_t behind(std::uint32_t address, std::int64_t bytes) const {
    return ceil_div(address + beats(bytes) * static_cast<std::uint32_t>(engine_.AxiBytes), kAlignment) * kAlignment;
  }
  [[nodiscard]] std::uint32_t end_of(const Transfer& t) const { return behind(t.address, std::int64_t{t.beats} * engine_.AxiBytes); }
  [[nodiscard]] std::uint32_t beats(std::int64_t bytes) const { return static_cast<std::uint32_t>(ceil_div(bytes, engine_.AxiBytes)); }

  template <class Words>
  Transfer words(TransferKind kind, const Words& values, std::uint32_t chip_address, int progress) {
    Transfer t;
    t.kind = kind;
    t.check = engine_.Checksum != 0;
    t.chip_address = chip_address;
    t.count = static_cast<std::uint32_t>(values.size());
    t.progress = progress;
    t.address = static_cast<std::uint32_t>(out_.bytes.size());
    append(out_.bytes, values, word_bits(kind, engine_));
    t.beats = beats(static_cast<std::int64_t>(out_.bytes.size()) - t.address);
    align(out_.bytes);
    const auto size = static_cast<std::size_t>(t.beats) * static_cast<std::size_t>(engine_.AxiBytes);
    const BeatSums sums = beat_sums(std::span(out_.bytes).subspan(t.address, size), engine_.AxiBytes);
    t.sum1 = sums.sum1;
    t.sum2 = sums.sum2;
    return t;
  }

  std::vector<Transfer> weights() {
    std::vector<Transfer> transfers;
    std::size_t first = 0;
    for (std::size_t l = 0; l < image_.layers.size();) {
      const std::size_t end = end_of_group(l);
      const auto count = static_cast<std::size_t>(words_of(l, end));
      if (count != 0) {
        transfers.push_back(words(TransferKind::Weight, std::span(image_.weight).subspan(first, count),
                                  static_cast<std::uint32_t>(places_[l].base), l == 0 ? kFirstWeights : layer_progress(end - 1)));
        transfers.back().after = overwrites(places_, l);
      }
      first += count;
      l = end;
    }
    return transfers;
  }

  [[nodiscard]] std::int64_t words_of(std::size_t first, std::size_t end) const {
    std::int64_t count = 0;
    for (std::size_t l = first; l < end; ++l) count += places_[l].words;
    return count;
  }

  // Small layers that follow one another come in one transfer. The first layer comes alone, because all others wait for it.
  [[nodiscard]] std::size_t end_of_group(std::size_t first) const {
    std::size_t end = first + 1;
    if (first == 0 || places_[first].words == 0) return end;
    const auto joins = [&](std::size_t l) {
      return places_[l].words == 0 ||
             (places_[l].base == places_[first].base + words_of(first, l) && overwrites(places_, l) == overwrites(places_, first));
    };
    const std::int64_t least = kLeastBeats * engine_.AxiBytes * 8 / word_bits(TransferKind::Weight, engine_);
    while (end < places_.size() && words_of(first, end) < least && joins(end)) ++end;
    return end;
  }

  [[nodiscard]] Transfer activations(TransferKind kind, std::uint32_t byte, int count) const {
    Transfer t;
    t.kind = kind;
    t.chip_address = to_pair(byte, engine_.WordBytes);
    t.count = static_cast<std::uint32_t>(count);
    t.beats = beats(count);
    return t;
  }

  void write_list(const std::vector<Transfer>& list, std::uint32_t address) {
    for (const Transfer& t : list) {
      const auto entry = encode(t);
      std::copy(entry.begin(), entry.end(), out_.bytes.begin() + address);
      address += kEntryBytes;
    }
  }

  const MemoryImage& image_;
  const EngineParameters& engine_;
  std::vector<WeightPlace> places_;
  ExternalImage out_;
};

}  // namespace

std::array<std::uint8_t, kEntryBytes> encode(const Transfer& t) {
  const std::uint32_t flags =
      static_cast<std::uint32_t>(t.kind) | (t.starts ? 8U : 0U) | (t.check ? 16U : 0U) | (t.last ? 32U : 0U) | (t.at_once ? 64U : 0U);
  std::array<std::uint32_t, 8> words{
      flags | static_cast<std::uint32_t>(t.after) << 16, t.address, t.chip_address, t.count, t.sum1, t.sum2, t.beats,
      static_cast<std::uint32_t>(t.progress) & 0xFFFFU};
  std::uint32_t fold = kEntryCheck;
  for (const std::uint32_t word : words) fold ^= (word ^ word >> 16) & 0xFFFFU;
  words[7] |= fold << 16;
  std::array<std::uint8_t, kEntryBytes> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (8 * (i % 4)));
  return bytes;
}

std::vector<Transfer> ExternalImage::list(Finds finds, bool follows) const {
  std::vector<Transfer> transfers = finds == Finds::Nothing ? first : finds == Finds::Network ? next : inputs_found;
  const bool nothing_to_load = finds == Finds::Inputs && transfers.size() == 1;
  if (follows) transfers.insert(transfers.end() - 1, following_inputs);
  if (nothing_to_load) transfers.front().starts = transfers.front().at_once = true;
  return transfers;
}

int word_bits(TransferKind kind, const EngineParameters& engine) {
  switch (kind) {
    case TransferKind::Weight:
      return engine.D;
    case TransferKind::Activation:
    case TransferKind::Store:
      return 8;
    default:
      return 32;
  }
}

BeatSums beat_sums(std::span<const std::uint8_t> bytes, int beat) {
  BeatSums sums;
  for (std::size_t at = 0; at < bytes.size(); at += static_cast<std::size_t>(beat)) {
    sums.sum2 += sums.sum1;
    for (std::size_t i = at; i < at + static_cast<std::size_t>(beat); ++i)
      sums.sum1 += static_cast<std::uint32_t>(bytes[i]) << (8 * (i % 4));
  }
  return sums;
}

std::int64_t WeightRing::place(const std::string& layer, std::int64_t words) {
  if (words > engine_.WeightWords) {
    throw InputError(fmt::format("layer '{}' needs {} words of weight memory, but engine '{}' has {}; take a larger engine", layer, words,
                                 engine_.name, engine_.WeightWords));
  }
  if (next_ + words > engine_.WeightWords) next_ = 0;
  const std::int64_t base = next_;
  next_ += words;
  return base;
}

int layer_progress(std::size_t layer) { return kInput + static_cast<int>(layer); }

ExternalImage lay_out_external(const MemoryImage& image, const EngineParameters& engine) { return Layout(image, engine).run(); }

}  // namespace flexor
