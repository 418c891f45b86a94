using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace S3Overlay.Hosting;

/// <summary>The commands of an overlay in the dashboard: calls of its administration, signed with its own key.</summary>
internal static class AdministrationCommands
{
    private static readonly InteractionInput Bucket = Text("bucket", "Bucket", "The name of a bucket.", isRequired: true);
    private static readonly InteractionInput Key = Text("key", "Key", "One key. Leave it empty for the prefix, or for all of the bucket.");
    private static readonly InteractionInput Prefix = Text("prefix", "Prefix",
        "All keys that begin with this. Leave it empty for the key, or for all of the bucket.");

    private static readonly AdministrationCall[] Calls =
    [
        new("explain", "Explain", HttpMethod.Get, "/-/v1/explain", "QuestionCircle", "Shows which layer a key is read from, and why.",
            Bucket, Text("key", "Key", "One key. Leave it empty to explain the bucket.")),
        new("evict", "Evict", HttpMethod.Post, "/-/v1/drop", "Broom",
            "Drops cached bytes of a bucket, a prefix or a key. Writes and deletes stay.", Bucket, Key, Prefix),
        new("undelete", "Undelete", HttpMethod.Post, "/-/v1/discard", "ArrowUndo",
            "Takes back deletes of a bucket, a prefix or a key, so that the remote's objects show again. Writes stay.", Bucket, Key,
            Prefix),
        new("drop-cache", "Drop cache", HttpMethod.Post, "/-/v1/drop", "Delete", "Drops all cached bytes. Writes and deletes stay.")
            { FixedQuery = "all=true" },
        new("reset-overlay", "Reset overlay", HttpMethod.Post, "/-/v1/discard", "ArrowReset",
            "Takes back all deletes, so that the remote's objects show again. Writes stay.")
        {
            FixedQuery = "all=true",
            Confirmation = "This takes back every delete of objects and buckets. Continue?",
        },
    ];

    /// <summary>Adds the commands. They show if the overlay has a remote, and are enabled while it runs.</summary>
    public static IResourceBuilder<S3OverlayResource> WithAdministration(this IResourceBuilder<S3OverlayResource> builder)
    {
        foreach (var call in Calls)
        {
            builder.WithHttpCommand(call.Path, call.DisplayName, S3OverlayResource.PrimaryEndpointName, call.Name,
                Options(builder.Resource, call));
        }

        return builder;
    }

    private static HttpCommandOptions Options(S3OverlayResource overlay, AdministrationCall call) => new()
    {
        Description = call.Description,
        ConfirmationMessage = call.Confirmation,
        IconName = call.IconName,
        Method = call.Method,
        Arguments = call.Inputs,
        UpdateState = context => !overlay.HasRemote ? ResourceCommandState.Hidden
            : context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled
            : ResourceCommandState.Disabled,
        PrepareRequest = context => SignAsync(context, overlay, call),
        GetCommandResult = async context =>
        {
            var answer = await AdministrationAnswer.ReadAsync(context.Response, context.CancellationToken);
            return answer switch
            {
                { IsDone: false } => CommandResults.Failure(answer.Message),
                { Document: { } document } =>
                    CommandResults.Success(answer.Message, document, CommandResultFormat.Json, displayImmediately: true),
                _ => CommandResults.Success(answer.Message),
            };
        },
    };

    private static async Task SignAsync(HttpCommandRequestContext context, S3OverlayResource overlay, AdministrationCall call)
    {
        var access = await overlay.AccessKey.GetValueAsync(context.CancellationToken);
        var secret = await overlay.SecretKey.GetValueAsync(context.CancellationToken);
        context.Request.RequestUri = new UriBuilder(context.Request.RequestUri!) { Query = call.Query(context.Arguments) }.Uri;
        RequestSigning.Sign(context.Request, access!, secret!, DateTimeOffset.UtcNow);
    }

    private static InteractionInput Text(string name, string label, string description, bool isRequired = false) =>
        new() { Name = name, Label = label, Description = description, InputType = InputType.Text, Required = isRequired };
}
