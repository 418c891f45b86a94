namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>Part numbers: 1 to 10,000.</summary>
public static class PartNumbers
{
    /// <summary>The highest part number.</summary>
    public const int Max = 10_000;

    /// <summary>Parses a part number.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static int Parse(string? text) =>
        WholeNumbers.TryParse(text, out int number) && number is >= 1 and <= Max
            ? number
            : throw S3Exception.Argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text ?? "");

    /// <summary>The part that a read asks for; null for the whole object.</summary>
    /// <exception cref="S3Exception">InvalidArgument; InvalidRequest if it also asks for a range.</exception>
    public static int? OfRead(S3Request request) =>
        !request.Query.Has("partNumber") ? null
        : Parse(request.Query["partNumber"]) is var number && request.Header("Range") is null ? number
        : throw new S3Exception(S3Errors.InvalidRequest, "Cannot specify both Range header and partNumber query parameter");
}
