using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>A tombstone.</summary>
/// <param name="Sequence">Its number in the order of all writes and deletes.</param>
/// <param name="Made">When it was left; null if an older program left it.</param>
/// <param name="Base">The remote's object that it hides; null if nothing is known of it.</param>
internal sealed record TombstoneRow(ulong Sequence, DateTimeOffset? Made, RemoteBase? Base)
{
    /// <summary>The delete marker of the same delete; null for none (rule V4).</summary>
    public string? Marker { get; init; }

    /// <summary>The version that was newest when a conditional delete began; null once the delete reached its marker.</summary>
    public string? Over { get; init; }

    public static TombstoneRow Read(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        var (sequence, made) = (fields.Fixed(), fields.Number());
        return new TombstoneRow(sequence, made == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(made), fields.ReadBase())
        {
            Marker = fields.IsAtEnd ? null : fields.OptionalText(),
            Over = fields.IsAtEnd ? null : fields.OptionalText(),
        };
    }

    public ReadOnlySpan<byte> Write() =>
        new FieldWriter().Fixed(Sequence).Number(Made?.ToUnixTimeMilliseconds() ?? 0).WriteBase(Base)
            .OptionalText(Marker).OptionalText(Over).Written;
}
