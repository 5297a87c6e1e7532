// SPDX-License-Identifier: Apache-2.0
#include "systemc/engine_sc.hpp"

#include "pins.hpp"

namespace flexor {

EngineSc::EngineSc(const sc_core::sc_module_name& name) : sc_core::sc_module(name), engine_("engine") {
  engine_.clk_i(clk_i);
  engine_.rst_ni(rst_ni);
  engine_.s_axil_awvalid_i(s_axil_awvalid_i);
  engine_.s_axil_awready_o(s_axil_awready_o);
  engine_.s_axil_awaddr_i(s_axil_awaddr_i);
  engine_.s_axil_wvalid_i(s_axil_wvalid_i);
  engine_.s_axil_wready_o(s_axil_wready_o);
  engine_.s_axil_wdata_i(s_axil_wdata_i);
  engine_.s_axil_wstrb_i(s_axil_wstrb_i);
  engine_.s_axil_bvalid_o(s_axil_bvalid_o);
  engine_.s_axil_bready_i(s_axil_bready_i);
  engine_.s_axil_bresp_o(s_axil_bresp_o);
  engine_.s_axil_arvalid_i(s_axil_arvalid_i);
  engine_.s_axil_arready_o(s_axil_arready_o);
  engine_.s_axil_araddr_i(s_axil_araddr_i);
  engine_.s_axil_rvalid_o(s_axil_rvalid_o);
  engine_.s_axil_rready_i(s_axil_rready_i);
  engine_.s_axil_rdata_o(s_axil_rdata_o);
  engine_.s_axil_rresp_o(s_axil_rresp_o);
  engine_.m_axi_arvalid_o(m_axi_arvalid_o);
  engine_.m_axi_arready_i(m_axi_arready_i);
  engine_.m_axi_araddr_o(m_axi_araddr_o);
  engine_.m_axi_arlen_o(m_axi_arlen_o);
  engine_.m_axi_arsize_o(m_axi_arsize_o);
  engine_.m_axi_arburst_o(m_axi_arburst_o);
  engine_.m_axi_rvalid_i(m_axi_rvalid_i);
  engine_.m_axi_rready_o(m_axi_rready_o);
  engine_.m_axi_rdata_i(m_axi_rdata_i);
  engine_.m_axi_rresp_i(m_axi_rresp_i);
  engine_.m_axi_rlast_i(m_axi_rlast_i);
  engine_.m_axi_awvalid_o(m_axi_awvalid_o);
  engine_.m_axi_awready_i(m_axi_awready_i);
  engine_.m_axi_awaddr_o(m_axi_awaddr_o);
  engine_.m_axi_awlen_o(m_axi_awlen_o);
  engine_.m_axi_awsize_o(m_axi_awsize_o);
  engine_.m_axi_awburst_o(m_axi_awburst_o);
  engine_.m_axi_wvalid_o(m_axi_wvalid_o);
  engine_.m_axi_wready_i(m_axi_wready_i);
  engine_.m_axi_wdata_o(m_axi_wdata_o);
  engine_.m_axi_wstrb_o(m_axi_wstrb_o);
  engine_.m_axi_wlast_o(m_axi_wlast_o);
  engine_.m_axi_bvalid_i(m_axi_bvalid_i);
  engine_.m_axi_bready_o(m_axi_bready_o);
  engine_.m_axi_bresp_i(m_axi_bresp_i);
  engine_.interrupt_o(interrupt_o);
  engine_.trace_valid_o(trace_valid_o);
  engine_.trace_layer_o(trace_layer_o);
  engine_.trace_pixel_o(trace_pixel_o);
  engine_.trace_channel_o(trace_channel_o);
  engine_.trace_mask_o(trace_mask_o);
  engine_.trace_data_o(trace_data_o);
  engine_.trace_stage_o(trace_stage_o);
}

SystemcEngine::SystemcEngine(const EngineParameters& parameters, const StallOptions& stalls)
    : CycleEngine(parameters, stalls, {}), module_("flexor") {
  SystemcEngine::apply_reset();
}

void SystemcEngine::cycle(const AxilRequest& request, const MemoryReply* memory, EngineOutputs& outputs) {
  drive(module_, request);
  if (memory != nullptr) drive(module_, *memory);
  half(false);
  if (memory != nullptr) sample(module_, outputs.memory);
  sample(module_, parameters().R, outputs);
  half(true);
}

void SystemcEngine::apply_reset() {
  drive(module_, AxilRequest{});
  module_.rst_ni.write(false);
  for (int i = 0; i < 4; ++i) {
    half(false);
    half(true);
  }
  module_.rst_ni.write(true);
}

void SystemcEngine::half(bool clock) {
  module_.clk_i.write(clock);
  sc_core::sc_start(sc_core::sc_time(5, sc_core::SC_NS));
}

}  // namespace flexor
