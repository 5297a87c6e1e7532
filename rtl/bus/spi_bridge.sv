// SPDX-License-Identifier: Apache-2.0

/// SPI slave to AXI4-Lite master (32 bits): reaches every address of the engine over four pins. Command set: docs/blocks/spi_bridge.md.
///
///   transfer = command, address (4 bytes), data...          least significant byte first; the first byte out is the status
///   command  = {read, 5'b0, bytes of a word - 1}
///   after each word: address + 8, or in the activation region the pair + bytes of a word
///
/// Reads run one word ahead; the word after a burst's last one is read and dropped, without an error.
module spi_bridge #(
    /// Bytes of a word of activation memory.
    parameter int unsigned K = 20
) (
    /// Clock, at least four times as fast as sck.
    input  logic        clk_i,
    /// Synchronous reset, active low.
    input  logic        rst_ni,
    /// SPI clock, mode 0.
    input  logic        spi_sck_i,
    /// SPI chip select, active low.
    input  logic        spi_cs_ni,
    /// SPI data in.
    input  logic        spi_mosi_i,
    /// SPI data out.
    output logic        spi_miso_o,
    /// AXI4-Lite write address.
    output logic        m_axil_awvalid_o,
    input  logic        m_axil_awready_i,
    output logic [27:0] m_axil_awaddr_o,
    /// AXI4-Lite write data.
    output logic        m_axil_wvalid_o,
    input  logic        m_axil_wready_i,
    output logic [31:0] m_axil_wdata_o,
    output logic [ 3:0] m_axil_wstrb_o,
    /// AXI4-Lite write response.
    input  logic        m_axil_bvalid_i,
    output logic        m_axil_bready_o,
    input  logic [ 1:0] m_axil_bresp_i,
    /// AXI4-Lite read address.
    output logic        m_axil_arvalid_o,
    input  logic        m_axil_arready_i,
    output logic [27:0] m_axil_araddr_o,
    /// AXI4-Lite read data.
    input  logic        m_axil_rvalid_i,
    output logic        m_axil_rready_o,
    input  logic [31:0] m_axil_rdata_i,
    input  logic [ 1:0] m_axil_rresp_i
);

  localparam logic [3:0] Signature = 4'hA;

  if (K < 4 || K > 256) begin : gen_check_word
    $error("spi_bridge: K must be in 4..256");
  end

  typedef enum logic [2:0] {
    Command,
    Address,
    Write,
    Read,
    Ignore
  } state_e;

  // Status bits, sent and cleared when a transfer begins; and what is wrong with the byte that is going out.
  logic refused_q, late_q, bad_q;
  logic sending_refused_q, sending_late_q;

  state_e state_q;
  logic   read_q;
  logic [1:0] size_q, count_q;
  logic [31:0] word_q;
  logic [27:0] address_q;
  logic writing_q, reading_q, word_refused_q;

  logic begins, first_bit, byte_valid;
  logic [7:0] received;
  spi_shift i_shift (
      .clk_i,
      .rst_ni,
      .spi_sck_i,
      .spi_cs_ni,
      .spi_mosi_i,
      .spi_miso_o,
      .begin_o(begins),
      .first_i({Signature, 1'b0, bad_q, late_q, refused_q}),
      .bit_o  (first_bit),
      .byte_o (byte_valid),
      .data_o (received),
      .next_i (state_q == Read ? word_q[8*count_q+:8] : 8'h00)
  );

  // Next address: one adder for the offset (+ bytes of a word, carry at K) and the memory word (+ 8, carry at 256).
  logic in_activation, carry_q;
  logic [ 8:0] low_q;
  logic [27:0] next_address;
  assign in_activation = address_q[27:24] == 4'(flexor_pkg::RegionActivation);
  // An answer comes at least two clocks after its address has changed.
  always_ff @(posedge clk_i) begin
    low_q   <= {1'b0, address_q[7:0]} + (in_activation ? 9'(size_q) + 9'd1 : 9'd8);
    carry_q <= in_activation ? low_q >= 9'(K) : low_q[8];
  end
  assign next_address = {address_q[27:24], address_q[23:8] + 16'(carry_q), in_activation && carry_q ? low_q[7:0] - 8'(K) : low_q[7:0]};

  // An AXI transaction is under way.
  logic busy, last_byte;
  assign busy = writing_q || reading_q;
  assign last_byte = count_q == (state_q == Address ? 2'd3 : size_q);

  assign m_axil_awaddr_o = address_q;
  assign m_axil_araddr_o = address_q;
  assign m_axil_bready_o = writing_q;
  assign m_axil_rready_o = reading_q;
  assign m_axil_wdata_o = word_q;
  // Memory words and registers are written whole, activations byte by byte.
  assign m_axil_wstrb_o = in_activation ? ~(4'b1110 << size_q) : 4'b1111;

  // Address and word are filled byte by byte; bytes past the size of a word stay 0 in a transfer that writes.
  logic advance;
  assign advance = (writing_q && m_axil_bvalid_i) || (reading_q && m_axil_rvalid_i);
  for (genvar b = 0; b < 4; b++) begin : gen_byte
    localparam int unsigned Top = b == 3 ? 27 : 8 * b + 7;
    always_ff @(posedge clk_i) begin
      if (advance || (byte_valid && state_q == Address && count_q == 2'(b))) begin
        address_q[Top:8*b] <= advance ? next_address[Top:8*b] : received[Top-8*b:0];
      end
      if (reading_q && m_axil_rvalid_i) word_q[8*b+:8] <= m_axil_rdata_i[8*b+:8];
      else if (byte_valid && state_q == Write && !busy && count_q == 2'(b)) word_q[8*b+:8] <= received;
      if (byte_valid && state_q == Command) word_q[8*b+:8] <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (begins) {bad_q, late_q, refused_q} <= '0;
    if (m_axil_awready_i) m_axil_awvalid_o <= 1'b0;
    if (m_axil_wready_i) m_axil_wvalid_o <= 1'b0;
    if (m_axil_arready_i) m_axil_arvalid_o <= 1'b0;
    if (writing_q && m_axil_bvalid_i) begin
      writing_q <= 1'b0;
      if (m_axil_bresp_i != 2'b00) refused_q <= 1'b1;
    end
    if (reading_q && m_axil_rvalid_i) begin
      reading_q <= 1'b0;
      word_refused_q <= m_axil_rresp_i != 2'b00;
    end
    if (first_bit) begin
      sending_refused_q <= 1'b0;
      sending_late_q <= 1'b0;
      if (sending_refused_q) refused_q <= 1'b1;
      if (sending_late_q) late_q <= 1'b1;
    end

    if (begins) begin
      state_q <= Command;
      sending_refused_q <= 1'b0;
      sending_late_q <= 1'b0;
    end else if (byte_valid) begin
      unique case (state_q)
        Command: begin
          state_q <= received[6:2] == '0 && !busy ? Address : Ignore;
          if (received[6:2] != '0) bad_q <= 1'b1;
          if (busy) late_q <= 1'b1;
          read_q <= received[7];
          size_q <= received[1:0];
          count_q <= '0;
        end
        Address: begin
          count_q <= count_q + 2'd1;
          if (last_byte) begin
            state_q <= read_q ? Read : Write;
            reading_q <= read_q;
            m_axil_arvalid_o <= read_q;
            if (received[7:4] != '0) bad_q <= 1'b1;
          end
        end
        Write: begin
          if (busy) begin
            late_q <= 1'b1;
          end else begin
            count_q <= last_byte ? 2'd0 : count_q + 2'd1;
            writing_q <= last_byte;
            m_axil_awvalid_o <= last_byte;
            m_axil_wvalid_o <= last_byte;
          end
        end
        Read: begin
          sending_late_q <= busy;
          sending_refused_q <= !busy && word_refused_q;
          if (!busy) begin
            count_q <= last_byte ? 2'd0 : count_q + 2'd1;
            reading_q <= last_byte;
            m_axil_arvalid_o <= last_byte;
          end
        end
        default: ;
      endcase
    end

    if (!rst_ni) begin
      state_q <= Command;
      {bad_q, late_q, refused_q} <= '0;
      {sending_late_q, sending_refused_q} <= '0;
      writing_q <= 1'b0;
      reading_q <= 1'b0;
      m_axil_awvalid_o <= 1'b0;
      m_axil_wvalid_o <= 1'b0;
      m_axil_arvalid_o <= 1'b0;
    end
  end

endmodule
