using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Gateway;

/// <summary>How documents of the proxy are read.</summary>
internal static class ProxyJson
{
    /// <summary>Camel case; values of enumerations in kebab case.</summary>
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(ReadOften.Default, new DefaultJsonTypeInfoResolver()),
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };
}

/// <summary>
/// How to read what the first page shows. Found at run time, that would be compiled while the page opens, on the processor of requests.
/// </summary>
[JsonSerializable(typeof(StatsDocument))]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(HistoryDocument))]
internal sealed partial class ReadOften : JsonSerializerContext;
