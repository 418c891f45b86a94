using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The base of a write or delete as a field of a header or record. Older ones end before it.</summary>
internal static class RemoteBaseCodec
{
    /// <summary>The most bytes that the field takes.</summary>
    public const int Room = RemoteBase.LongestText + 3;

    public static FieldWriter WriteBase(this FieldWriter fields, RemoteBase? known) =>
        fields.OptionalText(known?.ToText());

    public static RemoteBase? ReadBase(this ref FieldReader fields) => fields.IsAtEnd ? null : RemoteBase.Parse(fields.OptionalText());
}
