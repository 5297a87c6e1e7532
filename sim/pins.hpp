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

/// Stores the first bytes of `beat` in a port of 64 or 128 bits.
template <class Port>
void set_beat(Port& port, const Beat& beat) {
  const auto word = [&beat](std::size_t i, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t b = 0; b < bytes; ++b) value |= std::uint64_t{beat[i * bytes + b]} << (8 * b);
    return value;
  };
  if constexpr (std::is_integral_v<Port> || requires { port.read(); }) {
    set(port, word(0, 8));
  } else {
    for (std::size_t i = 0; i < 4; ++i) port[i] = static_cast<std::uint32_t>(word(i, 4));
  }
}

template <class Port>
Beat get_beat(const Port& port) {
  Beat beat{};
  if constexpr (std::is_integral_v<Port>) {
    for (std::size_t b = 0; b < 8; ++b) beat[b] = static_cast<std::uint8_t>(port >> (8 * b));
  } else {
    for (std::size_t b = 0; b < kLargestBeat; ++b) beat[b] = static_cast<std::uint8_t>(port[b / 4] >> (8 * (b % 4)));
  }
  return beat;
}

/// Drives the AXI4 inputs of a Verilated engine.
template <class Model>
void drive(Model& m, const MemoryReply& r) {
  set(m.m_axi_arready_i, r.ar_ready);
  set(m.m_axi_rvalid_i, r.r_valid);
  if (r.r_valid) {
    set_beat(m.m_axi_rdata_i, r.r_data);
    set(m.m_axi_rresp_i, r.r_response);
    set(m.m_axi_rlast_i, r.r_last);
  }
  set(m.m_axi_awready_i, r.aw_ready);
  set(m.m_axi_wready_i, r.w_ready);
  set(m.m_axi_bvalid_i, r.b_valid);
  set(m.m_axi_bresp_i, r.b_response);
}

/// Samples the AXI4 outputs of a Verilated engine.
template <class Model>
void sample(const Model& m, MemoryRequest& out) {
  out.ar_valid = get(m.m_axi_arvalid_o);
  out.aw_valid = get(m.m_axi_awvalid_o);
  out.w_valid = get(m.m_axi_wvalid_o);
  out.r_ready = get(m.m_axi_rready_o);
  out.b_ready = get(m.m_axi_bready_o);
  if (out.ar_valid) {
    out.ar_address = get(m.m_axi_araddr_o);
    out.ar_length = static_cast<std::uint8_t>(get(m.m_axi_arlen_o));
  }
  if (out.aw_valid) {
    out.aw_address = get(m.m_axi_awaddr_o);
    out.aw_length = static_cast<std::uint8_t>(get(m.m_axi_awlen_o));
  }
  if (out.w_valid) {
    out.w_strobe = get(m.m_axi_wstrb_o);
    out.w_last = get(m.m_axi_wlast_o);
    out.w_data = get_beat(get(m.m_axi_wdata_o));
  }
}

/// Samples every output of a Verilated engine but AXI4.
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
