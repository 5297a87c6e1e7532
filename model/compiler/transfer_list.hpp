// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/compiler.hpp"
#include "engine_parameters.hpp"

namespace flexor {

/// Where a transfer goes, or comes from (transfer_pkg.sv).
enum class TransferKind : std::uint8_t { Control = 1, Code = 2, Weight = 3, Activation = 4, Store = 5 };

/// Bytes of an entry of a transfer list in external memory.
inline constexpr std::uint32_t kEntryBytes = 32;

/// One entry of a transfer list (docs/architecture.md, "Transfer list").
struct Transfer {
  TransferKind kind = TransferKind::Control;
  bool starts = false;             ///< the layers begin when it has ended
  bool at_once = false;            ///< what it sets off, the start and its progress, does not wait for its end
  bool check = false;              ///< compare the sums
  bool last = false;               ///< of the list
  int after = 0;                   ///< layers of the job that must have ended before
  std::uint32_t address = 0;       ///< byte address in external memory, a multiple of AxiBytes
  std::uint32_t chip_address = 0;  ///< word number, or pair
  std::uint32_t count = 0;         ///< words; bytes of activation memory
  std::uint32_t beats = 0;
  std::uint32_t sum1 = 0, sum2 = 0;
  int progress = 0;  ///< of the job when it has ended
};

/// The entry as it stands in memory.
std::array<std::uint8_t, kEntryBytes> encode(const Transfer& transfer);

/// Bits of a word of each kind in external memory: 32 of control and code, D of weights (no gaps between words), 8 of activations.
int word_bits(TransferKind kind, const EngineParameters& engine);

/// The two sums of beat_sum.sv over whole beats of `beat` bytes.
struct BeatSums {
  std::uint32_t sum1 = 0, sum2 = 0;
};
BeatSums beat_sums(std::span<const std::uint8_t> bytes, int beat);

/// What a job finds in the engine's memories: nothing, the network, the network and its inputs.
enum class Finds { Nothing, Network, Inputs };

/// A compiled network as it lies in external memory, from byte 0, and the lists of transfers that run it.
struct ExternalImage {
  std::vector<std::uint8_t> bytes;  ///< lists, control, code, weights; inputs and logits follow
  std::uint32_t first_list = 0;     ///< of a job that finds nothing
  std::uint32_t next_list = 0;      ///< of a job that finds the network
  std::uint32_t input = 0;          ///< laid-out tensors of the batch, one after another
  std::uint32_t output = 0;         ///< logits of the batch, int16
  std::uint32_t following = 0;      ///< the place that inputs and the next job's inputs use in turn, as large as that of `input`
  std::uint32_t job_list = 0;       ///< place for any list()
  std::uint32_t size = 0;           ///< bytes in all
  std::vector<Transfer> first, next;
  std::vector<Transfer> inputs_found;  ///< of a job that finds its inputs
  Transfer following_inputs;           ///< brings those of the next job
  std::array<bool, 3> follows{};       ///< for each Finds: such a job can bring the inputs of the next, which then finds them

  /// The transfers of a job; `follows`: it brings the inputs of the next.
  [[nodiscard]] std::vector<Transfer> list(Finds finds, bool follows) const;
};

/// Weights of a layer in weight memory.
struct WeightPlace {
  std::int64_t base = 0, words = 0;
  [[nodiscard]] bool overlaps(const WeightPlace& other) const {
    return words > 0 && other.words > 0 && base < other.base + other.words && other.base < base + words;
  }
};

/// Weight memory address of each layer, `words` of them: one after another while they fit, then from 0 again. A layer's words stay
/// together. Throws InputError when one layer alone does not fit.
class WeightRing {
 public:
  explicit WeightRing(const EngineParameters& engine) : engine_(engine) {}
  std::int64_t place(const std::string& layer, std::int64_t words);

 private:
  const EngineParameters& engine_;
  std::int64_t next_ = 0;
};

/// Lowest progress of what follows control and code memory.
inline constexpr int kFirstProgress = 3;

/// Progress of a job when the weights of layer `layer` have come; of layer 0: when the input has come too.
int layer_progress(std::size_t layer);

/// Lays a compiled network out. The engine must have external memory.
ExternalImage lay_out_external(const MemoryImage& image, const EngineParameters& engine);

}  // namespace flexor
