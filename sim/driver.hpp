// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "compiler/compiler.hpp"
#include "compiler/transfer_list.hpp"
#include "compiler/transfer_model.hpp"
#include "engine_bus.hpp"

namespace flexor {

/// The engine did something that its interface does not allow (bus error, wrong identity, error code, no end).
class EngineFault : public std::runtime_error {
 public:
  explicit EngineFault(const std::string& what, EngineError code = EngineError::None, std::uint32_t address = 0)
      : std::runtime_error(what), code_(code), address_(address) {}
  /// What STATUS said; None: the engine did not say.
  [[nodiscard]] EngineError code() const { return code_; }
  /// What ERROR_ADDRESS said.
  [[nodiscard]] std::uint32_t address() const { return address_; }

 private:
  EngineError code_;
  std::uint32_t address_;
};

/// What the registers say after one job. An engine's cycle counters are modulo 2^CounterWidth; of these, `cycles` is whole again.
struct JobResult {
  std::uint64_t cycles = 0;  ///< CYCLES with what ran over its width (unwrapped())
  std::uint32_t compute = 0;
  std::uint32_t weight_stall = 0;
  std::uint32_t drain_stall = 0;
  std::uint32_t transfer_stall = 0;                 ///< of engines with external memory, like the next two
  std::uint32_t bytes_read = 0, bytes_written = 0;  ///< external memory
};

/// How a network, its inputs and its logits reach the engine: through its bus windows, or through external memory and transfer lists.
enum class Loading { Windows, External };

/// Runs compiled networks on an engine through its registers, memory windows and external memory only.
class Driver {
 public:
  /// Checks ID, VERSION and GEOMETRY; throws EngineFault when they are not those of bus.parameters(). External memory is used where the
  /// engine has it.
  explicit Driver(EngineBus& bus);
  Driver(EngineBus& bus, Loading loading);
  /// Writes control, code and weight memory, or external memory. `image` must live as long as jobs run.
  void load(const MemoryImage& image);
  /// Writes the laid-out input tensor of image `slot` of the batch of the coming job; not where finds_inputs().
  void set_input(int slot, std::span<const std::uint8_t> tensor);
  /// The coming job can bring the inputs of the one after it.
  [[nodiscard]] bool takes_following() const;
  /// Writes an input of the job after the coming one. One call: the coming job brings the inputs of the next, all of them.
  void set_following_input(int slot, std::span<const std::uint8_t> tensor);
  /// The job before has brought the inputs of the coming one.
  [[nodiscard]] bool finds_inputs() const { return finds_ == Finds::Inputs; }
  /// Starts the loaded job and waits for its end. Throws EngineFault on an error code or after `limit` cycles (0: from the plan).
  JobResult run(std::uint64_t limit = 0);
  /// What the compiler predicts of the next run(); external memory answers after `latency` cycles and never stalls.
  [[nodiscard]] JobPrediction predict(int latency) const;
  /// int16 logits of image `slot`.
  [[nodiscard]] std::vector<std::int16_t> logits(int slot);

  [[nodiscard]] std::uint32_t read_register(Register which);
  void write_register(Register which, std::uint32_t value);
  /// Bytes of the activation memory, linear addresses.
  void write_activations(std::uint32_t address, std::span<const std::uint8_t> bytes);
  [[nodiscard]] std::vector<std::uint8_t> read_activations(std::uint32_t address, std::size_t count);
  [[nodiscard]] EngineBus& bus() { return bus_; }

 private:
  void write(const std::vector<BusWrite>& writes, const char* what);
  void load_external(const MemoryImage& image);
  void write_list();
  void check_input(int slot, std::size_t size) const;
  void write_input(std::uint32_t place, int slot, std::span<const std::uint8_t> tensor);
  [[nodiscard]] std::uint32_t activation_bus_address(std::uint32_t byte) const;
  /// Bytes of the same bus word in front of an address, where the engine is reached at whole words only.
  [[nodiscard]] std::size_t bytes_before(std::uint32_t address) const;

  EngineBus& bus_;
  Loading loading_;
  const MemoryImage* image_ = nullptr;
  ExternalImage external_;
  Finds finds_ = Finds::Nothing;  ///< what the coming job finds in the engine's memories
  bool follows_ = false;          ///< it brings the inputs of the next
  bool swapped_ = false;          ///< its own inputs lie at external_.following, the next ones at external_.input
};

/// Bus address of a register or a memory word (registers and words stand 8 bytes apart).
constexpr std::uint32_t bus_address(Region region, std::uint32_t word) { return static_cast<std::uint32_t>(region) << 24 | word * 8; }
constexpr std::uint32_t bus_address(Register which) { return bus_address(Region::Registers, static_cast<std::uint32_t>(which)); }

/// The number nearest to `about` that a counter of `width` bits (1..32) shows as `counter`, never below `counter`:
/// counter + 2^width * round((about - counter) / 2^width).
std::uint64_t unwrapped(std::uint32_t counter, std::uint64_t about, int width);

/// Cycles after which a job of this image surely hangs.
std::uint64_t cycle_limit(const MemoryImage& image);

}  // namespace flexor
