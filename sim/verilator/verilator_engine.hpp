// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <verilated.h>

#include <memory>
#include <string>
#include <type_traits>

#include "cycle_engine.hpp"
#include "pins.hpp"
#include "verilator/engines.hpp"

namespace flexor {

/// The engine as Verilator's class `Model`, one clock cycle at a time.
/// `Wave` (void in the fast build) is Verilator's wave writer, for instance VerilatedFstC.
template <class Model, class Wave = void>
class VerilatorEngine : public CycleEngine {
 public:
  VerilatorEngine(const EngineParameters& parameters, const EngineOptions& options)
      : CycleEngine(parameters, options.stalls, options.memory), window_(options.wave_window) {
    if constexpr (kTraced) {
      context_.traceEverOn(true);
    }
    model_ = std::make_unique<Model>(&context_, "engine");
    if constexpr (kTraced) {
      wave_ = std::make_unique<Wave>();
      model_->trace(wave_.get(), 99);
      wave_->open(options.wave_file.c_str());
    }
    VerilatorEngine::apply_reset();
  }

  ~VerilatorEngine() override {
    model_->final();
    if constexpr (kTraced) {
      wave_->close();
    }
  }

 protected:
  void cycle(const AxilRequest& request, const MemoryReply* memory, EngineOutputs& outputs) override {
    drive(*model_, request);
    if (memory != nullptr) drive(*model_, *memory);
    half(0);
    if (memory != nullptr) sample(*model_, outputs.memory);
    sample(*model_, parameters().R, outputs);
    half(1);
  }

  void apply_reset() override {
    drive(*model_, AxilRequest{});
    model_->rst_ni = 0;
    for (int i = 0; i < 4; ++i) {
      half(0);
      half(1);
    }
    model_->rst_ni = 1;
  }

 private:
  static constexpr bool kTraced = !std::is_void_v<Wave>;
  struct None {};

  void half(std::uint8_t clock) {
    model_->clk_i = clock;
    model_->eval();
    if constexpr (kTraced) {
      if (!window_ || (running() && job_cycle() >= window_->first && job_cycle() <= window_->second)) {
        wave_->dump(time_);
      }
      time_ += 5;
    }
  }

  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<std::conditional_t<kTraced, Wave, None>> wave_;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> window_;
  std::uint64_t time_ = 0;  // ns, as if at 100 MHz
};

}  // namespace flexor
