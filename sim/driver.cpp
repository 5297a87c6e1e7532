// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace flexor {

namespace {

/// What ID reads.
constexpr std::uint32_t kIdentity = kRegisters[static_cast<std::size_t>(Register::Id)].reset;

template <class Word>
std::vector<BusWrite> window(Region region, const std::vector<Word>& words) {
  std::vector<BusWrite> writes(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    writes[i] = {bus_address(region, static_cast<std::uint32_t>(i)), 0xFF, words[i]};
  }
  return writes;
}

}  // namespace

std::uint64_t unwrapped(std::uint32_t counter, std::uint64_t about, int width) {
  if (about <= counter) return counter;
  const std::uint64_t half = std::uint64_t{1} << (width - 1);
  return counter + ((about - counter + half) >> width << width);
}

std::uint64_t cycle_limit(const MemoryImage& image) {
  double cycles = 100000;
  for (const auto& layer : image.layers) {
    cycles += 50 * (layer.ideal_cycles + static_cast<double>(layer.weight_words) + 1000.0 * static_cast<double>(layer.tiles));
  }
  return static_cast<std::uint64_t>(cycles);
}

Driver::Driver(EngineBus& bus) : Driver(bus, bus.memory() != nullptr ? Loading::External : Loading::Windows) {}

Driver::Driver(EngineBus& bus, Loading loading) : bus_(bus), loading_(loading) {
  const auto& p = bus.parameters();
  const auto geometry = static_cast<std::uint32_t>(p.K | p.M << 8 | p.D << 16 | p.R << 24);
  if (const auto id = read_register(Register::Id); id != kIdentity) {
    throw EngineFault(fmt::format("the ID register reads 0x{:08x} instead of 0x{:08x}", id, kIdentity));
  }
  if (const auto version = read_register(Register::Version); version != kInterfaceVersion) {
    throw EngineFault(fmt::format("the engine has interface version {}, this program needs {}", version, kInterfaceVersion));
  }
  if (const auto found = read_register(Register::Geometry); found != geometry) {
    throw EngineFault(fmt::format("the GEOMETRY register reads 0x{:08x}, configuration {} has 0x{:08x}", found, p.name, geometry));
  }
}

void Driver::load(const MemoryImage& image) {
  if (image.configuration != bus_.parameters().name) {
    throw EngineFault(
        fmt::format("the memory image is for configuration {}, the engine is {}", image.configuration, bus_.parameters().name));
  }
  if (loading_ == Loading::External) {
    load_external(image);
  } else {
    if (!image.moves.empty()) throw EngineFault("the network runs in strips from external memory; load it through external memory");
    if (image.weight.size() > static_cast<std::size_t>(bus_.parameters().WeightWords)) {
      throw EngineFault(fmt::format("the network has {} words of weights, more than weight memory's {}; load it through external memory",
                                    image.weight.size(), bus_.parameters().WeightWords));
    }
    write(window(Region::Control, image.control), "control");
    write(window(Region::Code, image.code), "code");
    write(window(Region::Weight, image.weight), "weight");
  }
  write_register(Register::Descriptor, image.descriptor);
  image_ = &image;
}

void Driver::load_external(const MemoryImage& image) {
  external_ = lay_out_external(image, bus_.parameters());
  ExternalMemory& memory = *bus_.memory();
  memory.resize(std::max<std::size_t>(memory.bytes().size(), external_.size));
  std::copy(external_.bytes.begin(), external_.bytes.end(), memory.bytes().begin());
  write_register(Register::WindowFirst, 0);
  write_register(Register::WindowLast, external_.size - 1);
  finds_ = Finds::Nothing;
  follows_ = swapped_ = false;
}

// The list of the coming job. The inputs are the host's; the list says where they lie and what they sum to.
void Driver::write_list() {
  const std::span<std::uint8_t> bytes = bus_.memory()->bytes();
  const bool prepared = !follows_ && finds_ != Finds::Inputs;
  std::uint32_t at = !prepared ? external_.job_list : finds_ == Finds::Nothing ? external_.first_list : external_.next_list;
  write_register(Register::Transfers, at);
  for (Transfer transfer : external_.list(finds_, follows_)) {
    if (transfer.kind == TransferKind::Activation) {
      if (swapped_) transfer.address = transfer.address == external_.input ? external_.following : external_.input;
    }
    if (transfer.kind == TransferKind::Activation && transfer.check) {
      const int beat = bus_.parameters().AxiBytes;
      const BeatSums sums = beat_sums(bytes.subspan(transfer.address, std::size_t{transfer.beats} * static_cast<std::size_t>(beat)), beat);
      transfer.sum1 = sums.sum1;
      transfer.sum2 = sums.sum2;
    }
    const auto entry = encode(transfer);
    std::copy(entry.begin(), entry.end(), bytes.begin() + at);
    at += static_cast<std::uint32_t>(entry.size());
  }
}

void Driver::check_input(int slot, std::size_t size) const {
  if (slot < 0 || slot >= image_->batch || static_cast<int>(size) != image_->input.size()) {
    throw std::invalid_argument("Driver: slot or size of an input does not belong to the loaded image");
  }
}

void Driver::write_input(std::uint32_t place, int slot, std::span<const std::uint8_t> tensor) {
  const std::size_t offset = static_cast<std::size_t>(slot) * tensor.size();
  std::copy(tensor.begin(), tensor.end(), bus_.memory()->bytes().begin() + static_cast<std::ptrdiff_t>(place + offset));
}

void Driver::set_input(int slot, std::span<const std::uint8_t> tensor) {
  check_input(slot, tensor.size());
  if (finds_inputs()) throw std::invalid_argument("Driver::set_input: the inputs of this job have come already");
  if (loading_ == Loading::External) {
    write_input(swapped_ ? external_.following : external_.input, slot, tensor);
  } else {
    write_activations(image_->input_address + static_cast<std::uint32_t>(slot * image_->input.size()), tensor);
  }
}

bool Driver::takes_following() const { return loading_ == Loading::External && external_.follows[static_cast<std::size_t>(finds_)]; }

void Driver::set_following_input(int slot, std::span<const std::uint8_t> tensor) {
  check_input(slot, tensor.size());
  if (!takes_following()) throw std::invalid_argument("Driver::set_following_input: this job cannot bring the inputs of the next");
  write_input(swapped_ ? external_.input : external_.following, slot, tensor);
  follows_ = true;
}

JobPrediction Driver::predict(int latency) const {
  if (loading_ == Loading::Windows) return predict_job(*image_);
  return predict_job(external_.list(finds_, follows_), *image_, bus_.parameters(), latency);
}

JobResult Driver::run(std::uint64_t limit) {
  limit = limit != 0 ? limit : cycle_limit(*image_);
  const bool external = loading_ == Loading::External;
  if (external) write_list();
  const bool follows = std::exchange(follows_, false);
  finds_ = Finds::Nothing;  // until the job has ended well
  write_register(Register::Control, register_field::control_start.mask() | (external ? register_field::control_transfers.mask() : 0));
  std::uint64_t passed = 0;
  std::uint32_t status = register_field::status_busy.mask();
  while (register_field::status_busy.of(status) != 0) {
    if (passed >= limit) {
      throw EngineFault(fmt::format("the engine did not finish within {} cycles", limit));
    }
    passed += bus_.wait(limit - passed) + 1;
    status = read_register(Register::Status);
  }
  if (const auto error = register_field::status_error.of(status); error != 0 || register_field::status_done.of(status) == 0) {
    const std::uint32_t address = external ? read_register(Register::ErrorAddress) : 0;
    throw EngineFault(fmt::format("the engine stopped with error code {} in layer {}{}", error, read_register(Register::Layer),
                                  external ? fmt::format(", external memory address 0x{:x}", address) : ""),
                      static_cast<EngineError>(error), address);
  }
  finds_ = follows ? Finds::Inputs : Finds::Network;
  swapped_ = swapped_ != follows;
  JobResult result{unwrapped(read_register(Register::Cycles), passed, bus_.parameters().CounterWidth), read_register(Register::Compute),
                   read_register(Register::WeightStall), read_register(Register::DrainStall)};
  if (external) {
    result.transfer_stall = read_register(Register::TransferStall);
    result.bytes_read = read_register(Register::BytesRead);
    result.bytes_written = read_register(Register::BytesWritten);
  }
  return result;
}

std::vector<std::int16_t> Driver::logits(int slot) {
  const auto bytes_per_image = 2 * static_cast<std::uint32_t>(image_->classes);
  const std::uint32_t offset = static_cast<std::uint32_t>(slot) * bytes_per_image;
  const auto in_memory = [&] {
    const auto first = bus_.memory()->bytes().begin() + external_.output + offset;
    return std::vector<std::uint8_t>(first, first + bytes_per_image);
  };
  const auto bytes = loading_ == Loading::External ? in_memory() : read_activations(image_->output_address + offset, bytes_per_image);
  std::vector<std::int16_t> values(static_cast<std::size_t>(image_->classes));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<std::int16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
  }
  return values;
}

std::uint32_t Driver::read_register(Register which) {
  std::uint64_t data = 0;
  if (const int response = bus_.read(bus_address(which), data); response != kOkay) {
    throw EngineFault(fmt::format("reading register {} gave bus response {}", static_cast<int>(which), response));
  }
  return static_cast<std::uint32_t>(data);
}

void Driver::write_register(Register which, std::uint32_t value) {
  if (const int response = bus_.write(bus_address(which), value); response != kOkay) {
    throw EngineFault(fmt::format("writing register {} gave bus response {}", static_cast<int>(which), response));
  }
}

std::uint32_t Driver::activation_bus_address(std::uint32_t byte) const {
  const auto word = static_cast<std::uint32_t>(bus_.parameters().WordBytes);
  return static_cast<std::uint32_t>(Region::Activation) << 24 | (byte / word) << 8 | byte % word;
}

std::size_t Driver::bytes_before(std::uint32_t address) const {
  return bus_.parameters().ReadCycles > 1 ? address % static_cast<std::uint32_t>(bus_.parameters().BusBytes) : 0;
}

void Driver::write_activations(std::uint32_t address, std::span<const std::uint8_t> bytes) {
  const auto width = static_cast<std::size_t>(bus_.parameters().BusBytes);
  std::vector<BusWrite> writes;
  writes.reserve(bytes.size() / width + 2);
  std::size_t before = bytes_before(address);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t count = std::min(width - before, bytes.size() - at);
    BusWrite one{activation_bus_address(address + static_cast<std::uint32_t>(at) - static_cast<std::uint32_t>(before)),
                 static_cast<std::uint8_t>(((1U << count) - 1) << before), 0};
    for (std::size_t i = 0; i < count; ++i) {
      one.data |= std::uint64_t{bytes[at + i]} << (8 * (before + i));
    }
    writes.push_back(one);
    at += count;
    before = 0;
  }
  write(writes, "activation");
}

std::vector<std::uint8_t> Driver::read_activations(std::uint32_t address, std::size_t count) {
  const auto width = static_cast<std::size_t>(bus_.parameters().BusBytes);
  const std::size_t before = bytes_before(address);
  std::vector<std::uint32_t> addresses;
  for (std::size_t at = 0; at < before + count; at += width) {
    addresses.push_back(activation_bus_address(address + static_cast<std::uint32_t>(at) - static_cast<std::uint32_t>(before)));
  }
  std::vector<std::uint64_t> words(addresses.size());
  if (const int response = bus_.read(addresses, words); response != kOkay) {
    throw EngineFault(fmt::format("reading the activation memory gave bus response {}", response));
  }
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::uint8_t>(words[(before + i) / width] >> (8 * ((before + i) % width)));
  }
  return bytes;
}

void Driver::write(const std::vector<BusWrite>& writes, const char* what) {
  if (const int response = bus_.write(writes); response != kOkay) {
    throw EngineFault(fmt::format("writing the {} memory gave bus response {}", what, response));
  }
}

}  // namespace flexor
