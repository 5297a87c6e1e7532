// SPDX-License-Identifier: Apache-2.0

/// Board top for an iCE40 UP5K: an engine without external memory (configurations `nano`, `micro`) behind four SPI pins. Resets itself after configuration.
module flexor_up5k
  import flexor_pkg::*;
#(
    /// Which of `Configurations`, IndexNano or IndexMicro; BusBytes must be 4, AxiBytes 0.
    parameter int unsigned Index = IndexNano
) (
    /// Clock, at least four times as fast as spi_sck_i.
    input  logic clk_i,
    /// SPI clock, mode 0.
    input  logic spi_sck_i,
    /// SPI chip select, active low.
    input  logic spi_cs_ni,
    /// SPI data in.
    input  logic spi_mosi_i,
    /// SPI data out, always driven.
    output logic spi_miso_o,
    /// A job has ended: see register INTERRUPT.
    output logic interrupt_o
);

  localparam configuration_t Configuration = Configurations[Index];

  if (Configuration.BusBytes != 4 || Configuration.AxiBytes != 0) begin : gen_check_bus
    $error("flexor_up5k: the SPI bridge needs BusBytes = 4 and AxiBytes = 0");
  end

  // Flip-flops are 0 after configuration, so that this counter holds the reset for 15 clocks.
  logic [3:0] up_q = '0;
  logic rst_n;
  assign rst_n = &up_q;
  always_ff @(posedge clk_i) if (!rst_n) up_q <= up_q + 4'd1;

  logic awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;
  logic [27:0] awaddr, araddr;
  logic [31:0] wdata, rdata;
  logic [3:0] wstrb;
  logic [1:0] bresp, rresp;

  spi_bridge #(
      .K(Configuration.WordBytes)
  ) i_bridge (
      .clk_i,
      .rst_ni(rst_n),
      .spi_sck_i,
      .spi_cs_ni,
      .spi_mosi_i,
      .spi_miso_o,
      .m_axil_awvalid_o(awvalid),
      .m_axil_awready_i(awready),
      .m_axil_awaddr_o(awaddr),
      .m_axil_wvalid_o(wvalid),
      .m_axil_wready_i(wready),
      .m_axil_wdata_o(wdata),
      .m_axil_wstrb_o(wstrb),
      .m_axil_bvalid_i(bvalid),
      .m_axil_bready_o(bready),
      .m_axil_bresp_i(bresp),
      .m_axil_arvalid_o(arvalid),
      .m_axil_arready_i(arready),
      .m_axil_araddr_o(araddr),
      .m_axil_rvalid_i(rvalid),
      .m_axil_rready_o(rready),
      .m_axil_rdata_i(rdata),
      .m_axil_rresp_i(rresp)
  );

  flexor_engine #(
      .K(Configuration.K),
      .WordBytes(Configuration.WordBytes),
      .M(Configuration.M),
      .NOut(Configuration.NOut),
      .SliceK(Configuration.SliceK),
      .SliceM(Configuration.SliceM),
      .D(Configuration.D),
      .Decryption(Configuration.Decryption),
      .PeStyle(Configuration.PeStyle),
      .WeightBuffers(Configuration.WeightBuffers),
      .AccWidth(Configuration.AccWidth),
      .PMax(Configuration.PMax),
      .AccBuffers(Configuration.AccBuffers),
      .R(Configuration.R),
      .W(Configuration.W),
      .BusBytes(Configuration.BusBytes),
      .ReadCycles(Configuration.ReadCycles),
      .ActRows(Configuration.ActRows),
      .CountWidth(Configuration.CountWidth),
      .WeightWords(Configuration.WeightWords),
      .ControlWords(Configuration.ControlWords),
      .CodeWords(Configuration.CodeWords),
      .Shift(Configuration.Shift),
      .CounterWidth(Configuration.CounterWidth),
      .Digits(Configuration.Digits),
      .SumBits(Configuration.SumBits),
      .ResidualWords(Configuration.ResidualWords),
      .Compact(Configuration.Compact),
      .StepMemory(Configuration.StepMemory)
  ) i_engine (
      .clk_i,
      .rst_ni(rst_n),
      .s_axil_awvalid_i(awvalid),
      .s_axil_awready_o(awready),
      .s_axil_awaddr_i(awaddr),
      .s_axil_wvalid_i(wvalid),
      .s_axil_wready_o(wready),
      .s_axil_wdata_i(wdata),
      .s_axil_wstrb_i(wstrb),
      .s_axil_bvalid_o(bvalid),
      .s_axil_bready_i(bready),
      .s_axil_bresp_o(bresp),
      .s_axil_arvalid_i(arvalid),
      .s_axil_arready_o(arready),
      .s_axil_araddr_i(araddr),
      .s_axil_rvalid_o(rvalid),
      .s_axil_rready_i(rready),
      .s_axil_rdata_o(rdata),
      .s_axil_rresp_o(rresp),
      .interrupt_o,
      // No external memory (AxiBytes = 0).
      .m_axi_arready_i('0),
      .m_axi_rvalid_i('0),
      .m_axi_rdata_i('0),
      .m_axi_rresp_i('0),
      .m_axi_rlast_i('0),
      .m_axi_awready_i('0),
      .m_axi_wready_i('0),
      .m_axi_bvalid_i('0),
      .m_axi_bresp_i('0),
      // The trace is for simulation; what feeds it is removed here.
      // verilator lint_off PINCONNECTEMPTY
      .m_axi_arvalid_o(),
      .m_axi_araddr_o(),
      .m_axi_arlen_o(),
      .m_axi_arsize_o(),
      .m_axi_arburst_o(),
      .m_axi_rready_o(),
      .m_axi_awvalid_o(),
      .m_axi_awaddr_o(),
      .m_axi_awlen_o(),
      .m_axi_awsize_o(),
      .m_axi_awburst_o(),
      .m_axi_wvalid_o(),
      .m_axi_wdata_o(),
      .m_axi_wstrb_o(),
      .m_axi_wlast_o(),
      .m_axi_bready_o(),
      .trace_valid_o(),
      .trace_layer_o(),
      .trace_pixel_o(),
      .trace_channel_o(),
      .trace_mask_o(),
      .trace_data_o(),
      .trace_stage_o()
      // verilator lint_on PINCONNECTEMPTY
  );

endmodule
