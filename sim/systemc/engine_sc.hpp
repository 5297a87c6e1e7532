// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <Vflexor_engine_sc.h>

#include <systemc>
#include <type_traits>

#include "cycle_engine.hpp"

namespace flexor {

/// The Verilated engine as a SystemC module with a signal on every port; signals have the names of the ports.
class EngineSc : public sc_core::sc_module {
 public:
  explicit EngineSc(const sc_core::sc_module_name& name);

  sc_core::sc_signal<bool> clk_i{"clk_i"}, rst_ni{"rst_ni"};
  sc_core::sc_signal<bool> s_axil_awvalid_i{"s_axil_awvalid_i"}, s_axil_awready_o{"s_axil_awready_o"};
  sc_core::sc_signal<bool> s_axil_wvalid_i{"s_axil_wvalid_i"}, s_axil_wready_o{"s_axil_wready_o"};
  sc_core::sc_signal<bool> s_axil_bvalid_o{"s_axil_bvalid_o"}, s_axil_bready_i{"s_axil_bready_i"};
  sc_core::sc_signal<bool> s_axil_arvalid_i{"s_axil_arvalid_i"}, s_axil_arready_o{"s_axil_arready_o"};
  sc_core::sc_signal<bool> s_axil_rvalid_o{"s_axil_rvalid_o"}, s_axil_rready_i{"s_axil_rready_i"};
  sc_core::sc_signal<std::uint32_t> s_axil_awaddr_i{"s_axil_awaddr_i"}, s_axil_araddr_i{"s_axil_araddr_i"};
  sc_core::sc_signal<std::uint32_t> s_axil_wdata_i{"s_axil_wdata_i"}, s_axil_rdata_o{"s_axil_rdata_o"};
  sc_core::sc_signal<std::uint32_t> s_axil_wstrb_i{"s_axil_wstrb_i"};
  sc_core::sc_signal<std::uint32_t> s_axil_bresp_o{"s_axil_bresp_o"}, s_axil_rresp_o{"s_axil_rresp_o"};
  sc_core::sc_signal<bool> m_axi_arvalid_o{"m_axi_arvalid_o"}, m_axi_arready_i{"m_axi_arready_i"};
  sc_core::sc_signal<bool> m_axi_rvalid_i{"m_axi_rvalid_i"}, m_axi_rready_o{"m_axi_rready_o"}, m_axi_rlast_i{"m_axi_rlast_i"};
  sc_core::sc_signal<bool> m_axi_awvalid_o{"m_axi_awvalid_o"}, m_axi_awready_i{"m_axi_awready_i"};
  sc_core::sc_signal<bool> m_axi_wvalid_o{"m_axi_wvalid_o"}, m_axi_wready_i{"m_axi_wready_i"}, m_axi_wlast_o{"m_axi_wlast_o"};
  sc_core::sc_signal<bool> m_axi_bvalid_i{"m_axi_bvalid_i"}, m_axi_bready_o{"m_axi_bready_o"};
  sc_core::sc_signal<std::uint32_t> m_axi_araddr_o{"m_axi_araddr_o"}, m_axi_arlen_o{"m_axi_arlen_o"}, m_axi_arsize_o{"m_axi_arsize_o"};
  sc_core::sc_signal<std::uint32_t> m_axi_arburst_o{"m_axi_arburst_o"}, m_axi_rresp_i{"m_axi_rresp_i"}, m_axi_bresp_i{"m_axi_bresp_i"};
  sc_core::sc_signal<std::uint32_t> m_axi_awaddr_o{"m_axi_awaddr_o"}, m_axi_awlen_o{"m_axi_awlen_o"}, m_axi_awsize_o{"m_axi_awsize_o"};
  sc_core::sc_signal<std::uint32_t> m_axi_awburst_o{"m_axi_awburst_o"}, m_axi_wstrb_o{"m_axi_wstrb_o"};
  sc_core::sc_signal<std::uint64_t> m_axi_rdata_i{"m_axi_rdata_i"}, m_axi_wdata_o{"m_axi_wdata_o"};
  sc_core::sc_signal<bool> interrupt_o{"interrupt_o"}, trace_valid_o{"trace_valid_o"};
  sc_core::sc_signal<std::uint32_t> trace_layer_o{"trace_layer_o"}, trace_pixel_o{"trace_pixel_o"}, trace_channel_o{"trace_channel_o"};
  sc_core::sc_signal<std::remove_reference_t<decltype(Vflexor_engine_sc::trace_mask_o)>::data_type> trace_mask_o{
      "trace_mask_o"};  // bool when R is 1
  sc_core::sc_signal<std::uint32_t> trace_data_o{"trace_data_o"}, trace_stage_o{"trace_stage_o"};

 private:
  Vflexor_engine_sc engine_;
};

/// EngineBus on SystemC. SystemC elaborates once, so a program has one of these.
class SystemcEngine : public CycleEngine {
 public:
  SystemcEngine(const EngineParameters& parameters, const StallOptions& stalls);

 protected:
  void cycle(const AxilRequest& request, const MemoryReply* memory, EngineOutputs& outputs) override;
  void apply_reset() override;

 private:
  void half(bool clock);
  EngineSc module_;
};

}  // namespace flexor
