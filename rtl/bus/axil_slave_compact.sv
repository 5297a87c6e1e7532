// SPDX-License-Identifier: Apache-2.0

/// axil_slave without registers for what is asked: address and data stay on the bus, where AXI keeps them until they are taken.
///
/// Same ports and same answers. A request begins two cycles after it is seen, one at a time; while a response waits none begins.
module axil_slave_compact #(
    /// Bits of a byte address.
    parameter int unsigned AddressWidth = 28,
    /// Bytes of data, 4 or 8.
    parameter int unsigned BusBytes = 8
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// Write address channel.
    input  logic                    s_axil_awvalid_i,
    /// Taken together with its data, when the request begins.
    output logic                    s_axil_awready_o,
    /// Byte address.
    input  logic [AddressWidth-1:0] s_axil_awaddr_i,
    /// Write data channel.
    input  logic                    s_axil_wvalid_i,
    /// Taken together with its address, when the request begins.
    output logic                    s_axil_wready_o,
    /// Data.
    input  logic [  8*BusBytes-1:0] s_axil_wdata_i,
    /// Byte enables.
    input  logic [    BusBytes-1:0] s_axil_wstrb_i,
    /// Write response channel.
    output logic                    s_axil_bvalid_o,
    /// Response taken.
    input  logic                    s_axil_bready_i,
    /// 0 OKAY, 2 SLVERR.
    output logic [             1:0] s_axil_bresp_o,
    /// Read address channel.
    input  logic                    s_axil_arvalid_i,
    /// Address taken, when the read has its data.
    output logic                    s_axil_arready_o,
    /// Byte address.
    input  logic [AddressWidth-1:0] s_axil_araddr_i,
    /// Read data channel.
    output logic                    s_axil_rvalid_o,
    /// Data taken.
    input  logic                    s_axil_rready_i,
    /// Data.
    output logic [  8*BusBytes-1:0] s_axil_rdata_o,
    /// 0 OKAY, 2 SLVERR.
    output logic [             1:0] s_axil_rresp_o,
    /// Something is taken in this cycle: byte address and byte enables, to be decoded early.
    output logic                    take_o,
    output logic [AddressWidth-1:0] take_address_o,
    output logic [    BusBytes-1:0] take_strobe_o,
    /// A request begins: a write when write_o, else a read. No other begins until a read has its data.
    output logic                    request_o,
    /// The request is a write.
    output logic                    write_o,
    /// Byte address; a read's stays until it has its data.
    output logic [AddressWidth-1:0] address_o,
    /// Data of a write.
    output logic [  8*BusBytes-1:0] data_o,
    /// Byte enables of a write.
    output logic [    BusBytes-1:0] strobe_o,
    /// The write is refused; answer in the same cycle.
    input  logic                    write_error_i,
    /// The read that began earlier ends.
    input  logic                    read_done_i,
    /// Its data.
    input  logic [  8*BusBytes-1:0] read_data_i,
    /// It is refused.
    input  logic                    read_error_i
);

  if (BusBytes != 4 && BusBytes != 8) begin : gen_check_bus
    $error("axil_slave_compact: BusBytes must be 4 or 8");
  end

  typedef enum logic [1:0] {
    Idle,
    Decode,
    Request,
    Read
  } state_e;
  state_e state_q;

  logic   write_waits;
  assign write_waits = s_axil_awvalid_i && s_axil_wvalid_i;

  assign take_o = state_q == Decode;
  assign take_address_o = address_o;
  assign take_strobe_o = s_axil_wstrb_i;
  assign request_o = state_q == Request;
  assign address_o = write_o ? s_axil_awaddr_i : s_axil_araddr_i;
  assign data_o = s_axil_wdata_i;
  assign strobe_o = s_axil_wstrb_i;
  assign s_axil_awready_o = state_q == Request && write_o;
  assign s_axil_wready_o = s_axil_awready_o;
  assign s_axil_arready_o = state_q == Read && read_done_i;

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      Idle: begin
        // When both wait it is the turn of the one that was not served.
        write_o <= write_waits && (!s_axil_arvalid_i || !write_o);
        if ((write_waits || s_axil_arvalid_i) && !s_axil_bvalid_o && !s_axil_rvalid_o) state_q <= Decode;
      end
      Decode:  state_q <= Request;
      Request: state_q <= write_o ? Idle : Read;
      default: if (read_done_i) state_q <= Idle;
    endcase

    if (s_axil_bready_i) s_axil_bvalid_o <= 1'b0;
    if (s_axil_awready_o) begin
      s_axil_bvalid_o <= 1'b1;
      s_axil_bresp_o  <= {write_error_i, 1'b0};
    end
    if (s_axil_rready_i) s_axil_rvalid_o <= 1'b0;
    if (s_axil_arready_o) begin
      s_axil_rvalid_o <= 1'b1;
      s_axil_rdata_o  <= read_data_i;
      s_axil_rresp_o  <= {read_error_i, 1'b0};
    end

    if (!rst_ni) begin
      state_q <= Idle;
      write_o <= 1'b0;
      s_axil_bvalid_o <= 1'b0;
      s_axil_rvalid_o <= 1'b0;
    end
  end

endmodule
