/** Keeps the AWS SDK from printing which version of Node it wants next: that is no choice of the user. */
export function hushNodeWarning(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}
