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
    : CycleEngine(parameters, stalls), module_("flexor") {
  SystemcEngine::apply_reset();
}

void SystemcEngine::cycle(const AxilRequest& request, EngineOutputs& outputs) {
  drive(module_, request);
  half(false);
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
