using System.Text.Json;
using System.Text.Json.Serialization;

namespace S3Overlay.WebConsole.Gateway;

/// <summary>How documents of the proxy are read.</summary>
internal static class ProxyJson
{
    /// <summary>Camel case; values of enumerations in kebab case.</summary>
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };
}
