// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <type_traits>

#include "axil_master.hpp"
#include "cycle_engine.hpp"

namespace flexor {

/// Port of a Verilated class: a plain integer (--cc) or an sc_signal (--sc).
template <class Port>
void set(Port& port, std::uint64_t value) {
  if constexpr (std::is_integral_v<Port>) {
    port = static_cast<Port>(value);
  } else {
    port.write(static_cast<std::remove_cvref_t<decltype(port.read())>>(value));
  }
}

template <class Port>
const auto& get(const Port& port) {
  if constexpr (requires { port.read(); }) {
    return port.read();
  } else {
    return port;
  }
}

/// Drives the AXI4-Lite inputs of a Verilated engine.
template <class Model>
void drive(Model& m, const AxilRequest& r) {
  set(m.s_axil_awvalid_i, r.aw_valid);
  set(m.s_axil_awaddr_i, r.aw_address);
  set(m.s_axil_wvalid_i, r.w_valid);
  set(m.s_axil_wdata_i, r.w_data);
  set(m.s_axil_wstrb_i, r.w_strobe);
  set(m.s_axil_bready_i, r.b_ready);
  set(m.s_axil_arvalid_i, r.ar_valid);
  set(m.s_axil_araddr_i, r.ar_address);
  set(m.s_axil_rready_i, r.r_ready);
}

/// Element `i` of a flat port of 16-bit words: an integer up to 64 bits wide, else an array of 32-bit words or a bit vector.
template <class Port>
std::int16_t half_word(const Port& port, int i) {
  if constexpr (std::is_integral_v<Port>) {
    return static_cast<std::int16_t>(port >> (16 * i));
  } else if constexpr (requires { port.range(0, 0).to_uint(); }) {
    return static_cast<std::int16_t>(port.range(16 * i + 15, 16 * i).to_uint());
  } else {
    return static_cast<std::int16_t>(port[static_cast<std::size_t>(i / 2)] >> (16 * (i % 2)));
  }
}

/// Samples every output of a Verilated engine.
template <class Model>
void sample(const Model& m, int r, EngineOutputs& out) {
  out.axil.aw_ready = get(m.s_axil_awready_o);
  out.axil.w_ready = get(m.s_axil_wready_o);
  out.axil.b_valid = get(m.s_axil_bvalid_o);
  out.axil.b_response = static_cast<std::uint8_t>(get(m.s_axil_bresp_o));
  out.axil.ar_ready = get(m.s_axil_arready_o);
  out.axil.r_valid = get(m.s_axil_rvalid_o);
  out.axil.r_response = static_cast<std::uint8_t>(get(m.s_axil_rresp_o));
  out.axil.r_data = get(m.s_axil_rdata_o);
  out.interrupt = get(m.interrupt_o);
  out.stage = static_cast<int>(get(m.trace_stage_o));
  out.layer = static_cast<int>(get(m.trace_layer_o));
  out.trace_valid = get(m.trace_valid_o);
  if (out.trace_valid) {
    out.trace_pixel = get(m.trace_pixel_o);
    out.trace_channel = get(m.trace_channel_o);
    out.trace_mask = get(m.trace_mask_o);
    for (int i = 0; i < r; ++i) {
      out.trace_data[i] = half_word(get(m.trace_data_o), i);
    }
  }
}

}  // namespace flexor
