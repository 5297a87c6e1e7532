// SPDX-License-Identifier: Apache-2.0
#include "cycle_engine.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace flexor {

namespace {
constexpr std::uint64_t kBusLimit = 100000;  // cycles in which the bus must move on
}

CycleEngine::CycleEngine(const EngineParameters& parameters, const StallOptions& stalls, const MemoryOptions& memory)
    : parameters_(parameters), master_(stalls) {
  if (parameters.AxiBytes != 0) memory_.emplace(parameters.AxiBytes, memory);
}

int CycleEngine::write(std::span<const BusWrite> writes) {
  master_.start(writes);
  return finish();
}

int CycleEngine::read(std::span<const std::uint32_t> addresses, std::span<std::uint64_t> data) {
  master_.start(addresses, data);
  return finish();
}

int CycleEngine::finish() {
  std::uint64_t quiet = 0;
  while (master_.busy()) {
    step();
    const auto& axil = outputs_.axil;
    const bool moved = axil.aw_ready || axil.w_ready || axil.b_valid || axil.ar_ready || axil.r_valid;
    quiet = moved ? 0 : quiet + 1;
    if (quiet > kBusLimit) {
      throw std::runtime_error("the engine's bus does not answer");
    }
  }
  return master_.response();
}

std::uint64_t CycleEngine::wait(std::uint64_t limit) {
  std::uint64_t passed = 0;
  while (passed < limit && (running_ || passed < 2)) {
    step();
    ++passed;
  }
  return passed;
}

void CycleEngine::run(std::uint64_t cycles) {
  for (std::uint64_t i = 0; i < cycles; ++i) {
    step();
  }
}

void CycleEngine::reset() {
  apply_reset();
  master_.reset();
  if (memory_) memory_->reset();
  outputs_ = {};
  running_ = false;
  job_cycle_ = 0;
  layer_cycles.clear();
}

void CycleEngine::step() {
  cycle(master_.request(), memory_ ? &memory_->reply() : nullptr, outputs_);
  if (memory_) memory_->clock(outputs_.memory);
  if (master_.busy()) {
    master_.clock(outputs_.axil);
  }
  observe();
}

void CycleEngine::observe() {
  const bool active = outputs_.stage != static_cast<int>(Stage::Idle);
  if (active && !running_) {
    job_cycle_ = 0;
    layer_cycles.clear();
  }
  running_ = active;
  if (active) {
    const auto layer = static_cast<std::size_t>(outputs_.layer);
    if (layer >= layer_cycles.size()) {
      layer_cycles.resize(layer + 1);
    }
    ++layer_cycles[layer].stage[std::min(outputs_.stage, 5)];
  }
  if (outputs_.trace_valid && on_write) {
    for (std::uint32_t rest = outputs_.trace_mask; rest != 0;) {
      const int first = std::countr_zero(rest);
      const int count = std::countr_one(rest >> first);
      report(first, count);
      rest &= first + count >= 32 ? 0U : ~0U << (first + count);
    }
  }
  ++job_cycle_;
}

void CycleEngine::report(int first, int count) {
  TraceWrite write{};
  write.cycle = job_cycle_;
  write.layer = outputs_.layer;
  write.pixel = static_cast<int>(outputs_.trace_pixel);
  write.channel = static_cast<int>(outputs_.trace_channel) + first;
  write.count = count;
  std::copy_n(outputs_.trace_data + first, count, write.value);
  on_write(write);
}

}  // namespace flexor
