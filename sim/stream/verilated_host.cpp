// SPDX-License-Identifier: Apache-2.0
#include "stream/verilated_host.hpp"

#include <verilated.h>
#include <verilated_fst_c.h>

#include <array>

#include "Vstream_engine_fast.h"
#include "Vstream_engine_traced.h"

namespace flexor::stream {

namespace {

template <class Model, bool Traced>
class VerilatedHost : public HostBus {
 public:
  explicit VerilatedHost(const std::filesystem::path& wave) {
    if constexpr (Traced) context_.traceEverOn(true);
    model_ = std::make_unique<Model>(&context_, "engine");
    if constexpr (Traced) {
      wave_ = std::make_unique<VerilatedFstC>();
      model_->trace(wave_.get(), 99);
      wave_->open(wave.c_str());
    }
    model_->rst_ni = 0;
    for (int i = 0; i < 4; ++i) clock();
    model_->rst_ni = 1;
    clock();
  }

  ~VerilatedHost() override {
    model_->final();
    if constexpr (Traced) wave_->close();
  }

  bool write(int bank, int address, std::span<const std::uint16_t> data) override {
    model_->host_valid_i = 1;
    model_->host_write_i = 1;
    model_->host_bank_i = static_cast<CData>(bank);
    bool taken = true;
    for (std::size_t i = 0; i < data.size() && taken; ++i) {
      model_->host_address_i = static_cast<SData>(address + static_cast<int>(i));
      model_->host_data_i = data[i];
      taken = false;
      for (int patience = 0; patience < kPatience && !taken; ++patience) {
        half(0);
        taken = model_->host_grant_o != 0;
        observe();
        half(1);
      }
    }
    model_->host_valid_i = 0;
    model_->host_write_i = 0;
    return taken;
  }

  void read(int address, std::span<std::uint16_t> data) override {
    model_->host_valid_i = 1;
    model_->host_bank_i = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
      model_->host_address_i = static_cast<SData>(address + static_cast<int>(i));
      clock();
      data[i] = model_->host_data_o;
    }
    model_->host_valid_i = 0;
  }

  void start(int address, bool upper) override {
    rows.clear();
    stages.assign(1, {});
    model_->start_i = 1;
    model_->start_address_i = static_cast<SData>(address);
    model_->start_upper_i = upper;
    clock();
    model_->start_i = 0;
    cycle_ = 0;
    half(0);
  }

  bool wait(std::uint64_t limit) override {
    for (std::uint64_t i = 0; i < limit && model_->running_o != 0; ++i) {
      ++cycle_;
      clock();
    }
    return model_->running_o == 0;
  }

  void abort() override {
    model_->abort_i = 1;
    clock();
    model_->abort_i = 0;
  }

  [[nodiscard]] Error error() const override { return static_cast<Error>(model_->error_o); }
  [[nodiscard]] std::uint64_t cycles() const override { return model_->cycles_o; }

 private:
  static constexpr int kPatience = 100'000;  // cycles that the host waits for a bank

  void clock() {
    half(0);
    observe();
    half(1);
  }

  // What the trace port shows in this cycle.
  void observe() {
    if (model_->trace_stage_o == 0) return;
    if (model_->trace_row_o != 0) {
      rows.push_back(cycle_);
      stages.emplace_back();
    }
    ++stages.back()[model_->trace_stage_o];
    if (model_->trace_write_o != 0 && on_write) {
      on_write({cycle_, model_->trace_write_o == 2 ? 1 : 0, model_->trace_address_o, model_->trace_data_o});
    }
  }

  void half(CData level) {
    model_->clk_i = level;
    model_->eval();
    if constexpr (Traced) {
      wave_->dump(time_);
      time_ += 5;
    }
  }

  struct None {};
  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<std::conditional_t<Traced, VerilatedFstC, None>> wave_;
  std::uint64_t cycle_ = 0;
  std::uint64_t time_ = 0;  // ns, as if at 100 MHz
};

}  // namespace

const char* to_string(Error error) {
  switch (error) {
    case Error::None:
      return "no error";
    case Error::Instruction:
      return "the stream holds an instruction that does not exist";
    case Error::StreamEnd:
      return "the stream ran past the end of its bank";
    case Error::TimeOut:
      return "the job took more cycles than the counter holds";
    case Error::Overrun:
      return "a write of the host was lost";
    default:
      return "the job was aborted";
  }
}

std::unique_ptr<HostBus> make_verilated_host(const std::filesystem::path& wave) {
  if (wave.empty()) return std::make_unique<VerilatedHost<Vstream_engine_fast, false>>(wave);
  return std::make_unique<VerilatedHost<Vstream_engine_traced, true>>(wave);
}

}  // namespace flexor::stream
