using System.Globalization;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>Part numbers: 1 to 10,000.</summary>
internal static class PartNumbers
{
    /// <summary>The highest.</summary>
    public const int Max = 10_000;

    /// <summary>Reads one.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static int Parse(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= Max
            ? number
            : throw new S3Exception(S3Errors.InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive")
            {
                Details = [new("ArgumentName", "partNumber"), new("ArgumentValue", text ?? "")],
            };
}
