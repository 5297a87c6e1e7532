// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <type_traits>

#include "axil_master.hpp"
#include "cycle_engine.hpp"

namespace flexor {

/// Drives the AXI4-Lite inputs of a Verilated engine.
template <class Model>
void drive(Model& m, const AxilRequest& r) {
  m.s_axil_awvalid_i = r.aw_valid;
  m.s_axil_awaddr_i = r.aw_address;
  m.s_axil_wvalid_i = r.w_valid;
  m.s_axil_wdata_i = static_cast<std::remove_reference_t<decltype(m.s_axil_wdata_i)>>(r.w_data);
  m.s_axil_wstrb_i = r.w_strobe;
  m.s_axil_bready_i = r.b_ready;
  m.s_axil_arvalid_i = r.ar_valid;
  m.s_axil_araddr_i = r.ar_address;
  m.s_axil_rready_i = r.r_ready;
}

/// Element `i` of a flat port of 16-bit words: an integer up to 64 bits wide, else an array of 32-bit words.
template <class Port>
std::int16_t half_word(const Port& port, int i) {
  if constexpr (std::is_integral_v<Port>) {
    return static_cast<std::int16_t>(port >> (16 * i));
  } else {
    return static_cast<std::int16_t>(port[static_cast<std::size_t>(i / 2)] >> (16 * (i % 2)));
  }
}

/// Samples every output of a Verilated engine.
template <class Model>
void sample(const Model& m, int r, EngineOutputs& out) {
  out.axil.aw_ready = m.s_axil_awready_o;
  out.axil.w_ready = m.s_axil_wready_o;
  out.axil.b_valid = m.s_axil_bvalid_o;
  out.axil.b_response = m.s_axil_bresp_o;
  out.axil.ar_ready = m.s_axil_arready_o;
  out.axil.r_valid = m.s_axil_rvalid_o;
  out.axil.r_response = m.s_axil_rresp_o;
  out.axil.r_data = m.s_axil_rdata_o;
  out.interrupt = m.interrupt_o;
  out.stage = m.trace_stage_o;
  out.layer = m.trace_layer_o;
  out.trace_valid = m.trace_valid_o;
  if (out.trace_valid) {
    out.trace_pixel = m.trace_pixel_o;
    out.trace_channel = m.trace_channel_o;
    out.trace_mask = m.trace_mask_o;
    for (int i = 0; i < r; ++i) {
      out.trace_data[i] = half_word(m.trace_data_o, i);
    }
  }
}

}  // namespace flexor
