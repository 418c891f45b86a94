using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace S3Overlay.Hosting;

/// <summary>What an overlay offers in the dashboard: the calls of its administration that a developer wants at hand, signed with its own key.</summary>
internal static class AdministrationCommands
{
    /// <summary>Adds them. They show where there is a remote, and can be used while the overlay runs.</summary>
    public static IResourceBuilder<S3OverlayResource> WithAdministration(this IResourceBuilder<S3OverlayResource> builder) => builder
        .WithCall("drop-cache", "Drop cache", "drop", "Delete", "Forgets every held byte of the remote. Nothing that was written or deleted here changes.", confirmation: null)
        .WithCall(
            "reset-overlay", "Reset overlay", "discard", "ArrowReset", "Takes back every delete, so that the remote's objects show again. What was written here stays.",
            "Every delete made here is taken back, of objects and of buckets. Go on?");

    private static IResourceBuilder<S3OverlayResource> WithCall(
        this IResourceBuilder<S3OverlayResource> builder, string name, string display, string call, string icon, string description, string? confirmation)
    {
        var resource = builder.Resource;
        return builder.WithHttpCommand(
            $"/-/v1/{call}",
            display,
            S3OverlayResource.PrimaryEndpointName,
            name,
            new HttpCommandOptions
            {
                Description = description,
                ConfirmationMessage = confirmation,
                IconName = icon,
                Method = HttpMethod.Post,
                UpdateState = context => !resource.HasRemote ? ResourceCommandState.Hidden
                    : context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled
                    : ResourceCommandState.Disabled,
                PrepareRequest = context => SignAsync(context, resource),
                GetCommandResult = async context =>
                {
                    var answer = await AdministrationAnswer.ReadAsync(context.Response, context.CancellationToken);
                    return answer.IsDone ? CommandResults.Success(answer.Message) : CommandResults.Failure(answer.Message);
                },
            });
    }

    private static async Task SignAsync(HttpCommandRequestContext context, S3OverlayResource resource)
    {
        var access = await resource.AccessKey.GetValueAsync(context.CancellationToken);
        var secret = await resource.SecretKey.GetValueAsync(context.CancellationToken);
        context.Request.RequestUri = new UriBuilder(context.Request.RequestUri!) { Query = "all=true" }.Uri;
        RequestSigning.Sign(context.Request, access!, secret!, DateTimeOffset.UtcNow);
    }
}
