using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The base of a write or delete as the last field of a header or record. Older ones end before it.</summary>
internal static class RemoteBaseCodec
{
    /// <summary>The most bytes that the field takes.</summary>
    public const int Room = RemoteBase.LongestText + 3;

    public static FieldWriter WriteBase(this FieldWriter fields, RemoteBase? known) =>
        known?.ToText() is { } text ? fields.Byte(1).Text(text) : fields;

    public static RemoteBase? ReadBase(this ref FieldReader fields) => fields.IsAtEnd ? null : RemoteBase.Parse(fields.OptionalText());
}
